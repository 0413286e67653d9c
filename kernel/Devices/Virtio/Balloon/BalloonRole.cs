namespace SharpVisor.Devices.Virtio;

/// <summary>What a queue of the balloon is for.</summary>
internal enum BalloonRole : byte
{
    /// <summary>Nothing: its requests come back as they are.</summary>
    None,

    /// <summary>Numbers of pages that the guest gives.</summary>
    Inflate,

    /// <summary>Numbers of pages that the guest takes back.</summary>
    Deflate,

    /// <summary>How the guest's memory is used.</summary>
    Statistics,

    /// <summary>Free memory of the guest, told on request. No request is ever made.</summary>
    Hinting,

    /// <summary>Free memory of the guest, told by itself.</summary>
    Reporting,
}

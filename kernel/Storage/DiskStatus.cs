namespace SharpVisor.Storage;

/// <summary>How a request has ended.</summary>
public enum DiskStatus : byte
{
    /// <summary>It is done.</summary>
    Ok,

    /// <summary>It failed; sectors or memory that it names hold anything.</summary>
    Error,

    /// <summary>The disk has no such operation. Nothing has changed.</summary>
    Unsupported,
}

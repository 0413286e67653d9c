namespace SharpVisor.Devices.Virtio;

/// <summary>What a block device counts.</summary>
public enum BlockStatistic
{
    /// <summary>Requests to read that have ended, with or without success.</summary>
    Reads,

    /// <summary>Requests to write.</summary>
    Writes,

    /// <summary>Requests to flush.</summary>
    Flushes,

    /// <summary>Requests to discard or to write zeroes.</summary>
    Erases,

    /// <summary>Requests that ended with an error, or were not known.</summary>
    Errors,

    /// <summary>Sectors of 512 bytes that were read.</summary>
    ReadSectors,

    /// <summary>Sectors of 512 bytes that were written.</summary>
    WrittenSectors,

    /// <summary>Number of these.</summary>
    Count,
}

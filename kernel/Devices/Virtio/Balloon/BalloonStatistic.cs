namespace SharpVisor.Devices.Virtio;

/// <summary>What a guest can tell of its memory: the tags of virtio 1.2, 5.5.6.4. Sizes are in bytes.</summary>
public enum BalloonStatistic
{
    /// <summary>Bytes that were swapped in.</summary>
    SwapIn,

    /// <summary>Bytes that were swapped out.</summary>
    SwapOut,

    /// <summary>Page faults that needed a device.</summary>
    MajorFaults,

    /// <summary>Page faults that did not.</summary>
    MinorFaults,

    /// <summary>Memory that is not used at all.</summary>
    Free,

    /// <summary>Memory in all, without the balloon.</summary>
    Total,

    /// <summary>Memory that new programs could have without swapping.</summary>
    Available,

    /// <summary>Memory that holds parts of files and could be given up.</summary>
    DiskCaches,

    /// <summary>Huge pages that were allocated.</summary>
    HugePages,

    /// <summary>Huge pages that could not be.</summary>
    HugePageFailures,

    /// <summary>Number of statistics.</summary>
    Count,
}

namespace SharpVisor.Storage;

/// <summary>A file of a <see cref="FileVolume"/>.</summary>
public readonly struct VolumeFile
{
    internal VolumeFile(uint firstCluster, ulong length, bool isContiguous)
    {
        FirstCluster = firstCluster;
        Length = length;
        IsContiguous = isContiguous;
    }

    /// <summary>Its length in bytes.</summary>
    public ulong Length { get; }

    /// <summary>The cluster that it begins with, by which it is known from others.</summary>
    public uint FirstCluster { get; }

    /// <summary>Whether its clusters follow each other, without a chain that says so.</summary>
    internal bool IsContiguous { get; }
}

namespace SharpVisor.Storage;

/// <summary>A file of a <see cref="FatVolume"/>.</summary>
public readonly struct FatFile
{
    internal FatFile(uint firstCluster, uint length)
    {
        FirstCluster = firstCluster;
        Length = length;
    }

    /// <summary>Its length in bytes.</summary>
    public uint Length { get; }

    internal uint FirstCluster { get; }
}

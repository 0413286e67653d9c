namespace SharpVisor.Devices.Virtio;

/// <summary>What a block device has done since it was made.</summary>
public struct BlockStatistics
{
    /// <summary>Requests to read that have ended, with or without success.</summary>
    public ulong Reads;

    /// <summary>Requests to write.</summary>
    public ulong Writes;

    /// <summary>Requests to flush.</summary>
    public ulong Flushes;

    /// <summary>Requests to discard or to write zeroes.</summary>
    public ulong Erases;

    /// <summary>Requests that ended with an error, or were not known.</summary>
    public ulong Errors;

    /// <summary>Sectors of 512 bytes that were read.</summary>
    public ulong ReadSectors;

    /// <summary>Sectors of 512 bytes that were written.</summary>
    public ulong WrittenSectors;

    /// <summary>Adds up.</summary>
    internal void Add(in BlockStatistics other)
    {
        Reads += other.Reads;
        Writes += other.Writes;
        Flushes += other.Flushes;
        Erases += other.Erases;
        Errors += other.Errors;
        ReadSectors += other.ReadSectors;
        WrittenSectors += other.WrittenSectors;
    }

    internal readonly void Save(ref StateWriter state)
    {
        state.Add(Reads);
        state.Add(Writes);
        state.Add(Flushes);
        state.Add(Erases);
        state.Add(Errors);
        state.Add(ReadSectors);
        state.Add(WrittenSectors);
    }

    internal void Restore(ref StateReader state)
    {
        Reads = state.Take();
        Writes = state.Take();
        Flushes = state.Take();
        Erases = state.Take();
        Errors = state.Take();
        ReadSectors = state.Take();
        WrittenSectors = state.Take();
    }
}

namespace SharpVisor.Storage;

/// <summary>A run of a file's sectors that follow each other on the disk. It ends where the next one begins.</summary>
public struct FilePiece
{
    /// <summary>The first sector, counted from the file's beginning.</summary>
    public ulong Start;

    /// <summary>Where that one is, counted from the disk's beginning.</summary>
    public ulong Place;
}

namespace SharpVisor.Storage;

/// <summary>What a disk is asked to do.</summary>
public enum DiskOperation : byte
{
    /// <summary>Fills memory from sectors.</summary>
    Read,

    /// <summary>Fills sectors from memory.</summary>
    Write,

    /// <summary>
    /// Everything that was written, and told as done, before this was submitted is kept from now on, even if power fails.
    /// Names no sectors and no memory.
    /// </summary>
    Flush,

    /// <summary>Nobody needs the contents of the sectors any more; what they read as is up to the disk. No memory.</summary>
    Discard,

    /// <summary>The sectors read as zeros. No memory.</summary>
    WriteZeroes,
}

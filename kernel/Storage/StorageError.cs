namespace SharpVisor.Storage;

/// <summary>What is wrong with a disk, its partition table or its file system.</summary>
public enum StorageError
{
    None,

    /// <summary>The device reported an error.</summary>
    ReadFailed,

    /// <summary>The first sector has no signature.</summary>
    NoPartitionTable,

    /// <summary>A GPT whose header or entries do not match their checksums, or make no sense.</summary>
    BadGpt,

    /// <summary>No partition is FAT32, or it lies outside of the disk.</summary>
    NoFatPartition,

    /// <summary>The partition's first sector does not describe a FAT32 or exFAT file system of 512-byte sectors.</summary>
    BadFat,

    /// <summary>A cluster chain leads out of the file system.</summary>
    BadChain,

    /// <summary>A file's cluster chain ends before the file does.</summary>
    ChainTooShort,

    /// <summary>The root directory has no such file.</summary>
    NoSuchFile,

    /// <summary>An exFAT file of which the end was never written: what is there is not the file's.</summary>
    FileNotWritten,

    /// <summary>A file in more than <see cref="FileVolume.MostPieces"/> pieces.</summary>
    TooManyPieces,
}

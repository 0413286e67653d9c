using System;

namespace SharpVisor.Storage;

/// <summary>Storage errors in words for a person.</summary>
public static class StorageErrorText
{
    /// <summary>One short phrase.</summary>
    public static ReadOnlySpan<byte> Describe(StorageError error) => error switch
    {
        StorageError.None => "no error"u8,
        StorageError.ReadFailed => "there was a read error"u8,
        StorageError.NoPartitionTable => "its first sector holds no partition table"u8,
        StorageError.BadGpt => "its GUID partition table is damaged"u8,
        StorageError.NoFatPartition => "it has no FAT32 partition"u8,
        StorageError.BadFat => "its FAT32 file system is damaged: the boot sector makes no sense"u8,
        StorageError.BadChain => "its FAT32 file system is damaged: a cluster chain leads nowhere"u8,
        StorageError.ChainTooShort => "its FAT32 file system is damaged: the file ends before its length"u8,
        StorageError.FileNotWritten => "the file was never written to its end"u8,
        StorageError.TooManyPieces => "the file lies in more than 2,048 pieces"u8,
        _ => "there is no such file"u8,
    };
}

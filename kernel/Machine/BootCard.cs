using System;
using SharpVisor.Debug;
using SharpVisor.Drivers;
using SharpVisor.Formats;
using SharpVisor.Memory;
using SharpVisor.Storage;

namespace SharpVisor.Machine;

/// <summary>The card that the machine starts from: the boot bundle is a file of its FAT partition.</summary>
internal static unsafe class BootCard
{
    private const int LargestBundle = int.MaxValue - SectorSource.SectorSize;

    private static SdCard? s_card;
    private static FatVolume? s_volume;

    /// <summary>Name of the boot bundle's file, in the root of the FAT partition.</summary>
    private static ReadOnlySpan<byte> FileName => "bundle.itb"u8;

    /// <summary>Looks for the host of the card. The early map must be in place still.</summary>
    /// <returns>Address of its registers, 0 where the machine has none that is known.</returns>
    internal static ulong FindHost(FdtReader tree)
    {
        if (!Board.TryFind(tree, out Board board) || !CardSlot.TryFind(tree, board, out SdHost? host))
        {
            return 0;
        }

        s_card = new SdCard(host!);
        s_volume = new FatVolume(s_card);
        return host!.Address;
    }

    /// <summary>Whether there is a card.</summary>
    internal static bool TryStart()
    {
        if (s_card == null)
        {
            return false;
        }

        if (!s_card.TryStart(out ReadOnlySpan<byte> problem))
        {
            Log.Line().Text("SD card: "u8).Text(problem).End();
            return false;
        }

        return true;
    }

    /// <summary>Reads the boot bundle into memory of its own, or says why it can't be read.</summary>
    internal static bool TryReadBundle(out ReadOnlySpan<byte> bundle)
    {
        bundle = default;
        Span<byte> scratch = stackalloc byte[SectorSource.SectorSize];
        StorageError error = PartitionTable.FindFat(s_card!, scratch, out Partition partition);
        error = error == StorageError.None ? s_volume!.Open(partition) : error;
        if (error != StorageError.None)
        {
            return Refuse(error);
        }

        error = s_volume!.Find(FileName, out FatFile file);
        if (error != StorageError.None)
        {
            return Refuse(error);
        }

        ulong room = (file.Length + PageTable.PageSize - 1) & ~(PageTable.PageSize - 1);
        if (file.Length == 0 || file.Length > LargestBundle || !Hypervisor.Pages.TryAllocate(room, PageTable.PageSize, out ulong memory))
        {
            Log.Line().Text("SD card: bundle.itb has "u8).Size(file.Length).Text(": there is no memory for that"u8).End();
            return false;
        }

        error = s_volume.Read(file, new Span<byte>((void*)memory, (int)room));
        if (error != StorageError.None)
        {
            Hypervisor.Pages.Free(memory, room);
            return Refuse(error);
        }

        Log.Line().Text("boot bundle of "u8).Size(file.Length).Text(" read from the SD card"u8).End();
        bundle = new ReadOnlySpan<byte>((void*)memory, (int)file.Length);
        return true;
    }

    private static bool Refuse(StorageError error)
    {
        Log.Line().Text("SD card: cannot read bundle.itb: "u8).Text(StorageErrorText.Describe(error)).End();
        return false;
    }
}

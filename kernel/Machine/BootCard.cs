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

    private static SdHost?[]? s_hosts;
    private static SdCard?[]? s_cards;
    private static FileVolume?[]? s_volumes;
    private static PartitionList?[]? s_partitions;
    private static int s_chosen;
    private static int s_count;

    /// <summary>Name of the boot bundle's file, in the root of the FAT partition.</summary>
    private static ReadOnlySpan<byte> FileName => "bundle.itb"u8;

    /// <summary>Looks for the hosts that may have the card. The early map must be in place still.</summary>
    internal static void FindHosts(FdtReader tree)
    {
        if (!Board.TryFind(tree, out Board board))
        {
            return;
        }

        s_hosts = new SdHost?[CardSlot.MaximumHosts];
        s_cards = new SdCard?[CardSlot.MaximumHosts];
        s_volumes = new FileVolume?[CardSlot.MaximumHosts];
        s_partitions = new PartitionList?[CardSlot.MaximumHosts];
        s_count = CardSlot.Find(tree, board, s_hosts);
        for (int i = 0; i < s_count; i++)
        {
            SdCard card = new(s_hosts[i]!);
            s_cards[i] = card;
            s_volumes[i] = new FileVolume(card);
            s_partitions[i] = new PartitionList(card);
        }
    }

    /// <summary>Maps the hosts' registers.</summary>
    internal static bool TryMap(PageTable map)
    {
        bool mapped = true;
        for (int i = 0; i < s_count; i++)
        {
            mapped &= HypervisorMap.MapDevice(map, s_hosts![i]!.Address, PageTable.PageSize);
        }

        return mapped;
    }

    /// <summary>Whether there is a card.</summary>
    internal static bool TryStart()
    {
        ReadOnlySpan<byte> problem = default;
        for (int i = 0; i < s_count; i++)
        {
            if (s_cards![i]!.TryStart(out problem))
            {
                s_chosen = i;
                return true;
            }
        }

        if (s_count != 0)
        {
            Log.Line().Text("SD card: "u8).Text(problem).End();
        }

        return false;
    }

    /// <summary>Reads the boot bundle into memory of its own, or says why it can't be read.</summary>
    internal static bool TryReadBundle(out ReadOnlySpan<byte> bundle)
    {
        bundle = default;
        FileVolume volume = s_volumes![s_chosen]!;
        StorageError error = s_partitions![s_chosen]!.OpenFirst(volume);
        if (error != StorageError.None)
        {
            return Refuse(error);
        }

        error = volume.Find(FileName, out VolumeFile file);
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

        error = volume.Read(file, new Span<byte>((void*)memory, (int)room));
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

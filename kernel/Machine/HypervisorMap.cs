using System.Runtime;
using System.Runtime.CompilerServices;
using SharpVisor.Cpu;
using SharpVisor.Drivers;
using SharpVisor.Memory;

namespace SharpVisor.Machine;

/// <summary>
/// The final EL2 map, one to one: RAM as data, the image's text and constants with their own rights, the registers
/// of the devices that have drivers, and nothing else. Nothing is both writable and executable.
/// </summary>
internal static unsafe class HypervisorMap
{
    /// <summary>Size of the EL2 address space in bits: TCR_EL2.T0SZ of boot/entry.S.</summary>
    internal const int AddressBits = 39;

    private const ulong GuardSize = PageTable.PageSize;

    /// <summary>Makes the tables. False where there is no memory for them.</summary>
    internal static bool TryMake(PhysicalTree tree, PageAllocator pages, InterruptController interrupts, out PageTable? map)
    {
        if (!PageTable.TryCreate(pages, new El2Translation(), AddressBits, out map))
        {
            return false;
        }

        tree.ForEachMemory(map!, &MapMemory);
        bool made = map!.TryProtect(ImageStart(), RodataStart() - ImageStart(), HypervisorAttributes.Text);
        made &= map.TryProtect(RodataStart(), DataStart() - RodataStart(), HypervisorAttributes.ReadOnlyData);
        made &= map.TryUnmap(BootStackGuard(), GuardSize);
        for (int i = 0; interrupts.TryGetFrames(i, out ulong start, out ulong length); i++)
        {
            made &= MapDevice(map, start, length);
        }

        return made;
    }

    // Where it fails the image is not mapped either, and TryProtect finds nothing to protect: the check is the translation below.
    private static void MapMemory(PageTable map, ulong start, ulong length)
    {
        const ulong reach = 1ul << AddressBits;
        if (start < reach)
        {
            map.TryMap(start, start, System.Math.Min(length, reach - start) & ~(PageTable.PageSize - 1), HypervisorAttributes.Data);
        }
    }

    /// <summary>Maps the registers of one device; none where <paramref name="start"/> is 0.</summary>
    internal static bool MapDevice(PageTable map, ulong start, ulong length)
    {
        if (start == 0)
        {
            return true;
        }

        ulong first = start & ~(PageTable.PageSize - 1);
        ulong end = (start + length + PageTable.PageSize - 1) & ~(PageTable.PageSize - 1);
        return map.TryMap(first, first, end - first, HypervisorAttributes.Device);
    }

    [RuntimeImport("*", "image_start_address")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong ImageStart();

    [RuntimeImport("*", "image_end_address")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong ImageEnd();

    [RuntimeImport("*", "rodata_start_address")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern ulong RodataStart();

    [RuntimeImport("*", "data_start_address")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern ulong DataStart();

    [RuntimeImport("*", "boot_stack_guard_address")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern ulong BootStackGuard();
}

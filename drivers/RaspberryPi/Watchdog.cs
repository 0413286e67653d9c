using SharpVisor.Arch;
using SharpVisor.Formats;

namespace SharpVisor.Drivers;

/// <summary>
/// The watchdog in a Raspberry Pi's power management block: what resets the machine when it runs out, or at once. Whether
/// it comes up again is written beside it, for the VideoCore's boot code: from partition 63 it does not.
/// </summary>
public readonly struct Watchdog
{
    private const ulong ResetControl = 0x1c;
    private const ulong ResetStatus = 0x20;
    private const ulong Timeout = 0x24;
    private const uint Password = 0x5a00_0000;
    private const uint FullReset = 0x20;
    private const uint ResetKinds = 0x30;
    private const uint Partition = 0x555; // every other bit, of bits 0 to 10
    private const uint Halt = 0x555;
    private const uint Soon = 10; // of 1/65536 s

    /// <summary>Address of its registers; 0 where there is none.</summary>
    public readonly ulong Address;

    private Watchdog(ulong address) => Address = address;

    /// <summary>Whether there is one.</summary>
    public bool IsThere => Address != 0;

    /// <summary>Finds it in the device tree.</summary>
    public static bool TryProbe(FdtReader tree, out Watchdog watchdog)
    {
        bool found = tree.TryFindCompatible(tree.Root, "brcm,bcm2835-pm-wdt"u8, out FdtNode node);
        found &= tree.TryGetRegister(node, 0, out ulong address, out _);
        watchdog = new Watchdog(found ? address : 0);
        return found;
    }

    /// <summary>Switches the machine off: it resets, and its boot code waits for power to go and come.</summary>
    public void PowerOff()
    {
        Mmio.Write32(Address + ResetStatus, Password | (Mmio.Read32(Address + ResetStatus) & ~Partition) | Halt);
        Mmio.Write32(Address + Timeout, Password | Soon);
        Mmio.Write32(Address + ResetControl, Password | (Mmio.Read32(Address + ResetControl) & ~ResetKinds) | FullReset);
    }
}

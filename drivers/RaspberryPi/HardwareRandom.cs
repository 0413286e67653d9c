using SharpVisor.Arch;
using SharpVisor.Formats;

namespace SharpVisor.Drivers;

/// <summary>The random number generator of a BCM2835 and BCM2837 (registers as in Linux's driver for brcm,bcm2835-rng).</summary>
public static class HardwareRandom
{
    private const ulong Control = 0x0;
    private const ulong Status = 0x4;
    private const ulong Data = 0x8;
    private const uint Enable = 1;
    private const uint WarmUp = 0x4_0000; // the first numbers, which are not random enough, are left out
    private const int CountShift = 24;
    private const ulong Patience = 100; // milliseconds

    /// <summary>A random number; 0 where the machine has no such generator, or it gives none.</summary>
    public static ulong Read(FdtReader tree)
    {
        if (!tree.TryFindCompatible(tree.Root, "brcm,bcm2835-rng"u8, out FdtNode node) || !tree.TryGetRegister(node, 0, out ulong address, out _))
        {
            return 0;
        }

        if ((Mmio.Read32(address + Control) & Enable) == 0)
        {
            Mmio.Write32(address + Status, WarmUp);
            Mmio.Write32(address + Control, Enable);
        }

        return TryReadWord(address, out uint high) && TryReadWord(address, out uint low) ? ((ulong)high << 32) | low : 0;
    }

    private static bool TryReadWord(ulong address, out uint word)
    {
        word = 0;
        Deadline end = Deadline.After(Patience);
        while (Mmio.Read32(address + Status) >> CountShift == 0)
        {
            if (end.IsOver)
            {
                return false;
            }
        }

        word = Mmio.Read32(address + Data);
        return true;
    }
}

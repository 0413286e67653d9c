using System.Numerics;
using SharpVisor.Arch;

namespace SharpVisor.Machine;

/// <summary>
/// Random numbers for guests' address layouts, drawn from the one that the boot loader gave and from when they are asked
/// for: unpredictable for a guest, but nothing to make keys of.
/// </summary>
internal static class Seeds
{
    private static ulong s_state;

    /// <summary>Begins with the machine's own seed; 0 where it has none: then guests get none either.</summary>
    internal static void Begin(ulong seed) => s_state = seed;

    /// <summary>The next number; 0 where there is no source. (A round of the finaliser of SplitMix64.)</summary>
    internal static ulong Next()
    {
        if (s_state == 0)
        {
            return 0;
        }

        s_state = BitOperations.RotateLeft(s_state, 17) ^ SystemRegisters.ReadCntpctEl0();
        ulong mixed = s_state + 0x9e37_79b9_7f4a_7c15;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58_476d_1ce4_e5b9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d0_49bb_1331_11eb;
        mixed ^= mixed >> 31;
        return mixed == 0 ? 1 : mixed;
    }
}

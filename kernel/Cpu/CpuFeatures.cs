using SharpVisor.Arch;

namespace SharpVisor.Cpu;

/// <summary>What the world switch has to know of the CPUs, read once: they are alike.</summary>
internal static class CpuFeatures
{
    /// <summary>Whether there are pointer-authentication keys (ID_AA64ISAR1_EL1, ID_AA64ISAR2_EL1).</summary>
    internal static bool HasPointerAuthentication { get; private set; }

    /// <summary>Number of the last breakpoint register (ID_AA64DFR0_EL1.BRPs).</summary>
    internal static ulong LastBreakpoint { get; private set; }

    /// <summary>Number of the last watchpoint register (ID_AA64DFR0_EL1.WRPs).</summary>
    internal static ulong LastWatchpoint { get; private set; }

    /// <summary>Reads the calling CPU's ID registers.</summary>
    internal static void Find()
    {
        HasPointerAuthentication = (SystemRegisters.ReadIdAa64isar1El1() & 0xff00_0ff0) != 0
            || (SystemRegisters.ReadIdAa64isar2El1() & 0xff00) != 0;
        ulong debug = SystemRegisters.ReadIdAa64dfr0El1();
        LastBreakpoint = debug >> 12 & 15;
        LastWatchpoint = debug >> 20 & 15;
    }
}

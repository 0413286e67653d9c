using System.Runtime;
using System.Runtime.CompilerServices;
using SharpVisor.Arch;
using SharpVisor.Cpu;

namespace SharpVisor.Machine;

/// <summary>Ends the physical machine and starts its CPUs through PSCI firmware (DEN0022, chapter 5).</summary>
internal static unsafe class PowerControl
{
    private const ulong SystemOff = 0x8400_0008;
    private const ulong CpuOn = 0xc400_0003;

    /// <summary>Whether the firmware takes PSCI calls by SMC; known once the device tree was read.</summary>
    internal static bool HasFirmware { get; set; }

    /// <summary>Switches the machine off where firmware can; returns where it cannot.</summary>
    internal static void Off()
    {
        if (HasFirmware)
        {
            Smc.Call(SystemOff, 0, 0, 0);
        }
    }

    /// <summary>Starts a CPU at EL2 with the calling CPU's translation settings. False where firmware refuses.</summary>
    /// <param name="cpu">The CPU.</param>
    /// <param name="root">TTBR0_EL2.</param>
    internal static bool TryStartCpu(PhysicalCpu cpu, ulong root)
    {
        // At the bottom of the CPU's own emergency stack: nobody writes there before the CPU has read it.
        var start = (SecondaryStart*)cpu.StackTop;
        start->Ttbr0 = root;
        start->Tcr = SystemRegisters.ReadTcrEl2();
        start->Mair = SystemRegisters.ReadMairEl2();
        start->Sctlr = SystemRegisters.ReadSctlrEl2();
        start->Stack = cpu.StackTop;
        start->Context = cpu.Idle.Address;
        start->Argument = (ulong)cpu.Index;
        Native.CleanToCoherency((ulong)start, (ulong)sizeof(SecondaryStart));
        return Smc.Call(CpuOn, cpu.Affinity, SecondaryEntry(), (ulong)start) == 0;
    }

    [RuntimeImport("*", "secondary_entry_address")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern ulong SecondaryEntry();
}

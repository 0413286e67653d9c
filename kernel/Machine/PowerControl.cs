using System.Runtime;
using System.Runtime.CompilerServices;
using SharpVisor.Arch;
using SharpVisor.Cpu;
using SharpVisor.Drivers;

namespace SharpVisor.Machine;

/// <summary>
/// Ends the physical machine and starts its CPUs: through PSCI firmware (DEN0022, chapter 5), or where there is none
/// through a watchdog and the CPUs' spin tables.
/// </summary>
internal static unsafe class PowerControl
{
    private const ulong SystemOff = 0x8400_0008;
    private const ulong CpuOn = 0xc400_0003;

    /// <summary>Whether the firmware takes PSCI calls by SMC; known once the device tree was read.</summary>
    internal static bool HasFirmware { get; set; }

    /// <summary>What can end a machine without firmware; its registers are mapped.</summary>
    internal static Watchdog Watchdog { get; set; }

    /// <summary>Switches the machine off where something can; returns where nothing does at once.</summary>
    internal static void Off()
    {
        if (HasFirmware)
        {
            Smc.Call(SystemOff, 0, 0, 0);
        }

        if (Watchdog.IsThere)
        {
            Watchdog.PowerOff();
            ulong start = SystemRegisters.ReadCntpctEl0();
            while (SystemRegisters.ReadCntpctEl0() - start < SystemRegisters.ReadCntfrqEl0())
            {
                // It runs out in a part of a millisecond; a second is for emulators.
            }
        }
    }

    /// <summary>
    /// What the firmware says of its workarounds (DEN0028, 7.3 to 7.7), which is what guests will be told: SMCCC_VERSION
    /// is there where PSCI_FEATURES knows it, and ARCH_FEATURES from version 1.1 on.
    /// </summary>
    internal static void FindWorkarounds()
    {
        if (HasFirmware && (int)Smc.Call(PsciFunctions.PsciFeatures, PsciFunctions.SmcccVersion, 0, 0) >= 0
            && (int)Smc.Call(PsciFunctions.SmcccVersion, 0, 0, 0) >= 0x1_0001)
        {
            PsciFunctions.Workaround1 = AskFor(PsciFunctions.SmcccWorkaround1);
            PsciFunctions.Workaround2 = AskFor(PsciFunctions.SmcccWorkaround2);
            PsciFunctions.Workaround3 = AskFor(PsciFunctions.SmcccWorkaround3);
        }
    }

    private static WorkaroundAnswer AskFor(uint workaround) => (int)Smc.Call(PsciFunctions.SmcccArchFeatures, workaround, 0, 0) switch
    {
        0 => WorkaroundAnswer.Required,
        1 => WorkaroundAnswer.NotRequired,
        _ => WorkaroundAnswer.NotSupported,
    };

    /// <summary>Starts a CPU at EL2 with the calling CPU's translation settings. False where firmware refuses, or there is none and no spin table.</summary>
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
        if (cpu.ReleaseAddress != 0)
        {
            return SpinTable.TryStart(cpu.Affinity, cpu.ReleaseAddress, (ulong)start);
        }

        return HasFirmware && Smc.Call(CpuOn, cpu.Affinity, SecondaryEntry(), (ulong)start) == 0;
    }

    [RuntimeImport("*", "secondary_entry_address")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern ulong SecondaryEntry();
}

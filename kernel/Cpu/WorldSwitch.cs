using System.Runtime.CompilerServices;
using SharpVisor.Arch;
using SharpVisor.Debug;
using SharpVisor.Machine;
using SharpVisor.Scheduling;

namespace SharpVisor.Cpu;

/// <summary>
/// Puts a VCpu onto a CPU and takes it off. What is resident on a CPU stays there, asleep too, until another VCpu needs
/// the CPU or this one is needed elsewhere.
/// </summary>
/// <remarks>Runs with the guest's SIMD registers live, so it is free of them (the build checks it).</remarks>
internal static unsafe class WorldSwitch
{
    // CPTR_EL2: RES1 bits, and traps for what no guest sees: SVE (TZ), SME (TSM), trace (TTA), activity monitors (TAM).
    private const ulong TrapHiddenFeatures = 0x33ff | (1ul << 20) | (1ul << 30);
    private const ulong AllowFloatingPoint = ~(1ul << 10);

    // MDCR_EL2: traps for the PMU (TPM, TPMCR), breakpoints until the guest sets one (TDA), the OS lock (TDOSA), the debug
    // ROM (TDRA), SPE (TPMS) and trace (TTRF).
    private const ulong MonitorTraps = (1 << 5) | (1 << 6) | (1 << 9) | (1 << 10) | (1 << 11) | (1 << 14) | (1 << 19);

    // CNTHCTL_EL2: the physical counter may be read (EL1PCTEN), the physical timer traps (EL1PCEN = 0).
    private const ulong TimerControl = 1;
    private const ulong PstateAtReset = ProcessorState.AllMasked | ProcessorState.El1Handler;
    private const ulong MultiprocessorFormat = 1ul << 31; // MPIDR_EL1: RES1

    private const ulong TrapsAlways =
        HypervisorConfiguration.Stage2 | HypervisorConfiguration.SetWayInvalidateOverride
        | HypervisorConfiguration.RouteInterrupts | HypervisorConfiguration.BroadcastMaintenance
        | HypervisorConfiguration.TrapRevision | HypervisorConfiguration.TrapIdentification
        | HypervisorConfiguration.TrapSmc | HypervisorConfiguration.TrapImplementationDefined
        | HypervisorConfiguration.TrapAuxiliaryControl | HypervisorConfiguration.TrapSetWay
        | HypervisorConfiguration.Aarch64;

    /// <summary>HCR_EL2 while no guest is resident: interrupts come to EL2 (and wake it), nothing else.</summary>
    private const ulong NoGuest = HypervisorConfiguration.RouteInterrupts | HypervisorConfiguration.Aarch64;

    /// <summary>What a CPU needs once, before its first guest.</summary>
    internal static void InitialiseCpu(PhysicalCpu cpu, ulong translationControl)
    {
        SystemRegisters.WriteHcrEl2(NoGuest);
        SystemRegisters.WriteVtcrEl2(translationControl);
        SystemRegisters.WriteVpidrEl2(SystemRegisters.ReadMidrEl1());
        SystemRegisters.WriteHstrEl2(0);
        SystemRegisters.WriteCnthctlEl2(TimerControl);
        SystemRegisters.WriteCntvoffEl2(0);
        SystemRegisters.WriteCntvCtlEl0(0);
        SystemRegisters.WriteCnthpCtlEl2(0);
        SystemRegisters.WriteCptrEl2(TrapHiddenFeatures & AllowFloatingPoint);
        ClearFeatureControls();
        SystemRegisters.WriteTpidrEl2(cpu.Idle.Address);
        Native.CloseStage1();
        Barrier.Instruction();
    }

    /// <summary>A VCpu becomes what it is after reset, so that it can start at its address when it is loaded. It is on no CPU.</summary>
    internal static void Reset(VCpu vcpu)
    {
        for (uint i = 0; i < 31; i++)
        {
            vcpu.WriteRegister(i, 0);
        }

        vcpu.X0 = vcpu.StartArgument;
        vcpu.Pc = vcpu.StartAddress;
        vcpu.Pstate = PstateAtReset;
        Vm vm = vcpu.Vm!;
        vcpu.System!.Reset(
            vm.TranslationTable, vm.AffinityOf(vcpu.Index) | MultiprocessorFormat, TrapsAlways | OptionalTraps(), MonitorTraps | EventCounters());
        vcpu.System.CounterOffset = vm.CounterOffset;
        vm.Debugger.Apply(vcpu);
        vcpu.PhysicalTimer!.Reset();
        vcpu.Watch!.Reset();
        vcpu.IsAbandoned = false;
        vcpu.ShortSince = 0;
        vcpu.RetryAt = 0;
        vcpu.IsFresh = true;
    }

    /// <summary>Makes a VCpu, which is resident nowhere, the resident one of this CPU, which has none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Load(PhysicalCpu cpu, VCpu vcpu)
    {
        Vm vm = vcpu.Vm!;
        if (vcpu.Cpu != cpu)
        {
            vcpu.HostStack = cpu.StackTop;
            vcpu.EmergencyStack = cpu.EmergencyStackTop;
            vcpu.Cpu = cpu;
        }

        vcpu.System!.Load();

        // Guests may use one ASID for different things on different CPUs; two of their CPUs now share this one's TLB.
        byte number = (byte)(vcpu.Index + 1);
        ref byte last = ref vm.LastOn[cpu.Index];
        if (last != number)
        {
            last = number;
            Native.FlushGuestOnThisCpu();
        }

        SystemRegisters.WriteTpidrEl2(vcpu.Address);
        cpu.Resident = vcpu;
        vcpu.ResidentOn = cpu;
        if (vcpu.IsFresh)
        {
            Begin(vcpu);
        }
        else
        {
            vm.Gic.SwitchIn(vcpu.Index);
        }

        StolenTime.Update(vcpu);
        vcpu.PhysicalTimer!.Resume();
        vcpu.Watch!.Resume();
        Barrier.Instruction();
    }

    /// <summary>Takes the resident VCpu off its CPU, to be loaded again anywhere.</summary>
    /// <param name="cpu">The calling CPU.</param>
    /// <param name="vcpu">What is resident on it.</param>
    /// <param name="savedSimd">Where its SIMD state has been saved already, or null.</param>
    internal static void Save(PhysicalCpu cpu, VCpu vcpu, ulong* savedSimd)
    {
        vcpu.System!.Save(savedSimd);
        vcpu.Vm!.Gic.SwitchOut(vcpu.Index);
        Dispatcher.Saved(cpu, vcpu);
        Leave(cpu, vcpu);
    }

    /// <summary>
    /// Loads a VCpu, which is resident nowhere, in place of the resident one. The registers that say that no guest is here
    /// are left out on the way: between the two no walk of stage 1 succeeds (<see cref="SystemContext.Save"/>), and nobody
    /// else takes the old one's memory before it is off this CPU.
    /// </summary>
    internal static void Exchange(PhysicalCpu cpu, VCpu old, VCpu vcpu)
    {
        old.System!.Save(null);
        old.Vm!.Gic.SwitchOut(old.Index);
        if (old.Entity!.State == SchedulingState.Blocked)
        {
            Dispatcher.Saved(cpu, old);
        }

        cpu.Timer.StopGuest();
        if (cpu.IsTraced)
        {
            EventTrace.Write(cpu, TraceKind.Depart, old, (ulong)old.Entity!.State, vcpu.TraceName);
        }

        Load(cpu, vcpu);
        old.ResidentOn = null; // whoever sees this sees the saved state too
    }

    /// <summary>Takes the state of the resident VCpu out of its CPU for good: it is off. <see cref="Leave"/> follows.</summary>
    internal static void PutDown(VCpu vcpu)
    {
        vcpu.System!.Save((ulong*)vcpu.SimdState); // for what it switches off
        vcpu.PhysicalTimer!.Reset();
        vcpu.PhysicalTimer.Update(); // its interrupt line falls
        vcpu.Vm!.Gic.SaveContext(vcpu.Index);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Begin(VCpu vcpu)
    {
        vcpu.IsFresh = false;
        vcpu.Vm!.Gic.RestoreContext(vcpu.Index);
        vcpu.Vm.Power.ConfirmOn(vcpu.Index);
    }

    /// <summary>The resident VCpu, whose state is out of the CPU, is not resident any more.</summary>
    internal static void Leave(PhysicalCpu cpu, VCpu vcpu)
    {
        cpu.Timer.StopGuest();
        if (cpu.IsTraced)
        {
            EventTrace.Write(cpu, TraceKind.Depart, vcpu, (ulong)vcpu.Entity!.State, 0);
        }

        SystemRegisters.WriteHcrEl2(NoGuest);
        SystemRegisters.WriteTpidrEl2(cpu.Idle.Address);
        Barrier.Instruction();
        cpu.Resident = null;
        if (cpu.Chosen == vcpu)
        {
            cpu.Chosen = null;
        }

        vcpu.ResidentOn = null; // whoever sees this sees the saved state too
    }

    /// <summary>
    /// Controls of newer extensions, unknown at reset: HCRX_EL2 enables nothing; the fine-grained traps are all off but
    /// for those that trap at 0, which belong to registers that no guest sees (Arm ARM D19.2.46 to D19.2.54).
    /// </summary>
    private static void ClearFeatureControls()
    {
        if ((SystemRegisters.ReadIdAa64mmfr1El1() >> 40 & 15) != 0)
        {
            SystemRegisters.WriteHcrxEl2(0);
        }

        if ((SystemRegisters.ReadIdAa64mmfr0El1() >> 56 & 15) != 0)
        {
            SystemRegisters.WriteHfgrtrEl2(0);
            SystemRegisters.WriteHfgwtrEl2(0);
            SystemRegisters.WriteHfgitrEl2(0);
            SystemRegisters.WriteHdfgrtrEl2(0);
            SystemRegisters.WriteHdfgwtrEl2(0);
        }
    }

    /// <summary>Traps and permissions whose HCR_EL2 bits exist only with a feature.</summary>
    private static ulong OptionalTraps()
    {
        ulong traps = 0;
        if (CpuFeatures.HasPointerAuthentication)
        {
            traps |= HypervisorConfiguration.AllowPointerAuthentication;
        }

        if ((SystemRegisters.ReadIdAa64pfr0El1() >> 28 & 15) != 0)
        {
            traps |= HypervisorConfiguration.TrapErrorRecords;
        }

        if ((SystemRegisters.ReadIdAa64mmfr1El1() >> 16 & 15) != 0)
        {
            traps |= HypervisorConfiguration.TrapLimitedOrdering;
        }

        if ((SystemRegisters.ReadIdAa64pfr1El1() >> 8 & 15) != 0)
        {
            traps |= HypervisorConfiguration.TrapTagging;
        }

        return traps;
    }

    /// <summary>MDCR_EL2.HPMN: all event counters, so that the reserved value 0 is never written.</summary>
    private static ulong EventCounters() => (SystemRegisters.ReadIdAa64dfr0El1() >> 8 & 15) is 0 or 15 ? 0 : SystemRegisters.ReadPmcrEl0() >> 11 & 31;
}

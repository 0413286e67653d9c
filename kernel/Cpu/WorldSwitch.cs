using SharpVisor.Arch;

namespace SharpVisor.Cpu;

/// <summary>
/// Puts a VCpu onto its CPU and takes it off. A VCpu starts from reset each time, so that its EL1 registers are
/// set here and stay in the CPU until it stops.
/// </summary>
internal static unsafe class WorldSwitch
{
    // CPTR_EL2: RES1 bits, and traps for what no guest sees: SVE (TZ), SME (TSM), trace (TTA), activity monitors (TAM).
    private const ulong TrapHiddenFeatures = 0x33ff | (1ul << 20) | (1ul << 30);
    private const ulong AllowFloatingPoint = ~(1ul << 10);

    // MDCR_EL2: traps for the PMU (TPM, TPMCR), the OS lock (TDOSA), the debug ROM (TDRA), SPE (TPMS) and trace (TTRF).
    private const ulong MonitorTraps = (1 << 5) | (1 << 6) | (1 << 10) | (1 << 11) | (1 << 14) | (1 << 19);

    // CNTHCTL_EL2: the physical counter may be read (EL1PCTEN), the physical timer traps (EL1PCEN = 0).
    private const ulong TimerControl = 1;

    // SCTLR_EL1 at reset: RES1 bits, MMU and caches off, little endian.
    private const ulong ControlAtReset = 0x30d0_0800;
    private const ulong PstateAtReset = ProcessorState.AllMasked | ProcessorState.El1Handler;

    private const ulong TrapsAlways =
        HypervisorConfiguration.Stage2 | HypervisorConfiguration.SetWayInvalidateOverride
        | HypervisorConfiguration.RouteInterrupts | HypervisorConfiguration.BroadcastMaintenance
        | HypervisorConfiguration.TrapRevision | HypervisorConfiguration.TrapIdentification
        | HypervisorConfiguration.TrapSmc | HypervisorConfiguration.TrapImplementationDefined
        | HypervisorConfiguration.TrapAuxiliaryControl | HypervisorConfiguration.TrapSetWay
        | HypervisorConfiguration.Aarch64;

    /// <summary>HCR_EL2 while no guest runs: interrupts come to EL2 (and wake it), nothing else.</summary>
    private const ulong NoGuest = HypervisorConfiguration.RouteInterrupts | HypervisorConfiguration.Aarch64;

    /// <summary>What a CPU needs once, before its first guest.</summary>
    internal static void InitialiseCpu(PhysicalCpu cpu, ulong translationControl)
    {
        SystemRegisters.WriteHcrEl2(NoGuest);
        SystemRegisters.WriteVtcrEl2(translationControl);
        SystemRegisters.WriteHstrEl2(0);
        SystemRegisters.WriteCnthctlEl2(TimerControl);
        SystemRegisters.WriteCntvoffEl2(0);
        SystemRegisters.WriteCntvCtlEl0(0);
        SystemRegisters.WriteCnthpCtlEl2(0);
        ClearFeatureControls();
        SystemRegisters.WriteTpidrEl2(cpu.Idle.Address);
        Barrier.Instruction();
    }

    /// <summary>Starts a VCpu that is runnable; false where its VM is being stopped.</summary>
    internal static bool TryStart(VCpu vcpu)
    {
        vcpu.SetResident(true);
        if (vcpu.Vm!.IsStopping)
        {
            vcpu.SetResident(false);
            vcpu.Vm.CompleteStopWhenQuiet();
            return false;
        }

        SystemRegisters.WriteVttbrEl2(vcpu.Vm.TranslationTable);
        SystemRegisters.WriteHcrEl2(TrapsAlways | OptionalTraps());
        SystemRegisters.WriteMdcrEl2(MonitorTraps | EventCounters());
        SystemRegisters.WriteVpidrEl2(SystemRegisters.ReadMidrEl1());
        SystemRegisters.WriteVmpidrEl2(vcpu.Vm.AffinityOf(vcpu.Index) | (1ul << 31));
        Barrier.Instruction();
        ResetRegisters(vcpu);
        vcpu.PhysicalTimer!.Reset();
        SystemRegisters.WriteCptrEl2(TrapHiddenFeatures & AllowFloatingPoint);
        SystemRegisters.WriteTpidrEl2(vcpu.Address);
        vcpu.Vm.Gic.RestoreContext(vcpu.Index);
        vcpu.Cpu.Interrupts.Enable(InterruptNumbers.VirtualTimer);
        vcpu.Vm.Power.ConfirmOn(vcpu.Index);
        vcpu.Watch!.Start();
        Barrier.Instruction();
        return true;
    }

    /// <summary>Takes a VCpu off: its timers stop and nothing more is delivered to it.</summary>
    internal static void Leave(VCpu vcpu)
    {
        SystemRegisters.WriteCntvCtlEl0(0);
        vcpu.PhysicalTimer!.Reset();
        vcpu.Cpu.Timer.Stop();
        vcpu.Vm!.Gic.SaveContext(vcpu.Index);
        vcpu.Cpu.Interrupts.ClearActive(InterruptNumbers.VirtualTimer);
        SystemRegisters.WriteHcrEl2(NoGuest);
        SystemRegisters.WriteTpidrEl2(vcpu.Cpu.Idle.Address);
        Barrier.Instruction();
        vcpu.MakeOff();
        vcpu.SetResident(false);
    }

    /// <summary>Every register that the guest can read becomes what reset makes it, so that nothing of an earlier guest is left.</summary>
    private static void ResetRegisters(VCpu vcpu)
    {
        for (uint i = 0; i < 31; i++)
        {
            vcpu.WriteRegister(i, 0);
        }

        vcpu.X0 = vcpu.StartArgument;
        vcpu.Pc = vcpu.StartAddress;
        vcpu.Pstate = PstateAtReset;

        SystemRegisters.WriteSctlrEl1(ControlAtReset);
        SystemRegisters.WriteTtbr0El1(0);
        SystemRegisters.WriteTtbr1El1(0);
        SystemRegisters.WriteTcrEl1(0);
        SystemRegisters.WriteMairEl1(0);
        SystemRegisters.WriteAmairEl1(0);
        SystemRegisters.WriteEsrEl1(0);
        SystemRegisters.WriteFarEl1(0);
        SystemRegisters.WriteAfsr0El1(0);
        SystemRegisters.WriteAfsr1El1(0);
        SystemRegisters.WriteElrEl1(0);
        SystemRegisters.WriteSpsrEl1(0);
        SystemRegisters.WriteVbarEl1(0);
        SystemRegisters.WriteContextidrEl1(0);
        SystemRegisters.WriteTpidrEl0(0);
        SystemRegisters.WriteTpidrroEl0(0);
        SystemRegisters.WriteTpidrEl1(0);
        SystemRegisters.WriteSpEl0(0);
        SystemRegisters.WriteSpEl1(0);
        SystemRegisters.WriteCpacrEl1(0);
        SystemRegisters.WriteCntkctlEl1(0);
        SystemRegisters.WriteParEl1(0);
        SystemRegisters.WriteCsselrEl1(0);
        SystemRegisters.WriteMdscrEl1(0);
        SystemRegisters.WriteOslarEl1(1); // locked, as after a cold reset
        SystemRegisters.WriteCntvCtlEl0(0);
        SystemRegisters.WriteCntvCvalEl0(0);
        SystemRegisters.WriteCntvoffEl2(vcpu.Vm!.CounterOffset);
        Barrier.Instruction();

        ulong debug = SystemRegisters.ReadIdAa64dfr0El1();
        Native.ResetBreakpoints(debug >> 12 & 15);
        Native.ResetWatchpoints(debug >> 20 & 15);
        if (HasPointerAuthentication)
        {
            Native.ResetPointerAuthenticationKeys();
        }

        ulong* state = stackalloc ulong[66];
        for (int i = 0; i < 66; i++)
        {
            state[i] = 0;
        }

        Native.LoadSimd(state);
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
        if (HasPointerAuthentication)
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

    private static bool HasPointerAuthentication =>
        (SystemRegisters.ReadIdAa64isar1El1() & 0xff00_0ff0) != 0 || (SystemRegisters.ReadIdAa64isar2El1() & 0xff00) != 0;
}

using SharpVisor.Arch;
using SharpVisor.Machine;
using SharpVisor.Machine.Life;

namespace SharpVisor.Cpu;

/// <summary>HVC from a guest (EC 0x16): PSCI, SMCCC, stolen time, the hypervisor's own; the calls with a constant answer do not come here.</summary>
internal static class Hypercall
{
    private const ulong InstructionSize = 4;

    /// <summary>Carries one out. ELR_EL2 is past the HVC already; the immediate is not looked at (as KVM and QEMU do).</summary>
    internal static VCpu Handle(VCpu vcpu, ulong syndrome)
    {
        uint function = (uint)vcpu.X0;
        ulong width = (function & PsciFunctions.Call64) != 0 ? ulong.MaxValue : uint.MaxValue;
        ulong a1 = vcpu.X1 & width;
        ulong a2 = vcpu.X2 & width;
        ulong a3 = vcpu.X3 & width;
        switch (function)
        {
            case PsciFunctions.CpuOn32:
            case PsciFunctions.CpuOn64:
                vcpu.X0 = (ulong)TurnOn(vcpu, a1, a2, a3);
                return vcpu;

            case PsciFunctions.CpuOff:
                return TurnOff(vcpu);

            case PsciFunctions.AffinityInfo32:
            case PsciFunctions.AffinityInfo64:
                vcpu.X0 = (ulong)vcpu.Vm!.Power.AffinityInfo(a1, a2);
                return vcpu;

            case PsciFunctions.CpuSuspend32:
            case PsciFunctions.CpuSuspend64:
                return Suspend(vcpu);

            case PsciFunctions.SystemOff:
                GuestLog.Detail(vcpu, "SYSTEM_OFF"u8);
                return Stop(vcpu, VmStop.PowerOff);

            case PsciFunctions.SystemReset:
                GuestLog.Detail(vcpu, "SYSTEM_RESET"u8);
                return Stop(vcpu, VmStop.Reset);

            case PsciFunctions.SystemReset2Call32:
            case PsciFunctions.SystemReset2Call64:
                if (a1 != PsciFunctions.WarmReset)
                {
                    vcpu.X0 = unchecked((ulong)PsciResult.InvalidParameters);
                    return vcpu;
                }

                return Stop(vcpu, VmStop.Reset);

            case PsciFunctions.StolenTime:
                vcpu.X0 = StolenTime.AddressOf(vcpu.Index);
                return vcpu;

            default:
                if (PsciFunctions.IsWorkaroundCall(function))
                {
                    vcpu.X0 = Smc.Call(function, a1, 0, 0);
                    return vcpu;
                }

                return VendorCall.Handle(vcpu, function);
        }
    }

    private static long TurnOn(VCpu vcpu, ulong target, ulong entry, ulong context)
    {
        Vm vm = vcpu.Vm!;
        bool isEntryValid = entry % InstructionSize == 0 && vm.Memory.Contains(entry, InstructionSize);
        long result = vm.Power.CpuOn(target, isEntryValid, out int index);
        GuestLog.Detail(vcpu, result == PsciResult.Success ? "CPU_ON"u8 : "CPU_ON, refused"u8);
        return result == PsciResult.Success && !vm.TryStartVCpu(index, entry, context) ? PsciResult.InternalFailure : result;
    }

    /// <summary>
    /// CPU_OFF. AFFINITY_INFO may say OFF only when no instruction of the VCpu will run any more, so the state
    /// changes after its CPU has put it down; and before it leaves, for then the VM may begin anew at any time.
    /// </summary>
    private static VCpu TurnOff(VCpu vcpu)
    {
        Vm vm = vcpu.Vm!;
        PhysicalCpu cpu = vcpu.Cpu;
        GuestLog.Detail(vcpu, "CPU_OFF"u8);
        Dispatcher.Remove(vcpu);
        WorldSwitch.PutDown(vcpu);
        vm.Power.ConfirmOff(vcpu.Index);
        if (!vm.Power.IsAnyOn)
        {
            GuestLog.Report(vcpu, "the last VCpu has turned itself off: taken as power-off"u8);
            vm.RequestStop(VmStop.PowerOff);
        }

        WorldSwitch.Leave(cpu, vcpu);
        vm.NoteLeft();
        CpuLoop.Run(cpu);
        return vcpu;
    }

    /// <summary>
    /// CPU_SUSPEND, whatever the power state: the CPU sleeps until something is pending for it. A power-down state
    /// ends like a stand-by state, with SUCCESS after the call and every register kept, which PSCI allows (DEN0022,
    /// 5.4.4: a wake-up that comes before the CPU has powered down).
    /// </summary>
    private static VCpu Suspend(VCpu vcpu)
    {
        vcpu.X0 = (ulong)PsciResult.Success;
        return vcpu.Vm!.Gic.HasPendingFor(vcpu.Index) ? vcpu : CpuLoop.SleepRarely(vcpu);
    }

    /// <summary>The guest ends its VM, or starts it anew.</summary>
    internal static VCpu Stop(VCpu vcpu, VmStop reason)
    {
        vcpu.Vm!.RequestStop(reason);
        return CpuLoop.LeaveGuest(vcpu);
    }
}

using System;
using SharpVisor.Debug;
using SharpVisor.Debug.Gdb;
using SharpVisor.Machine;
using SharpVisor.Machine.Life;

namespace SharpVisor.Cpu;

/// <summary>The ways in which a trap ends badly for the guest, and only for the guest.</summary>
internal static class GuestFault
{
    /// <summary>The guest takes an undefined-instruction exception, unless it is caught in its own handler.</summary>
    internal static VCpu Undefined(VCpu vcpu)
    {
        if (GuestException.WouldRecurse(vcpu))
        {
            return Crash(vcpu, "undefined instruction in its own exception vector"u8);
        }

        GuestException.InjectUndefined(vcpu);
        return vcpu;
    }

    /// <summary>Ends the VM with one line that says why.</summary>
    internal static VCpu Crash(VCpu vcpu, ReadOnlySpan<byte> reason)
    {
        GuestLog.Begin(vcpu).Text(reason).Text(vcpu.Vm!.Debugger.IsAttached ? ": for its debugger"u8 : ": VM crashed"u8).End();
        return Stop(vcpu);
    }

    /// <summary>Ends the VM with one line that says why, and the trap's syndrome.</summary>
    internal static VCpu Crash(VCpu vcpu, ReadOnlySpan<byte> reason, ulong syndrome)
    {
        GuestLog.Begin(vcpu).Text(reason).Text(" (ESR "u8).Hex(syndrome).Text(vcpu.Vm!.Debugger.IsAttached ? "): for its debugger"u8 : "): VM crashed"u8).End();
        return Stop(vcpu);
    }

    private static VCpu Stop(VCpu vcpu)
    {
        VmDebugger debugger = vcpu.Vm!.Debugger;
        debugger.Note(vcpu.Index, DebugStopKind.Crashed, 0);
        vcpu.Vm.RequestStop(debugger.IsAttached ? VmStop.Break : VmStop.Crash);
        return CpuLoop.LeaveGuest(vcpu);
    }
}

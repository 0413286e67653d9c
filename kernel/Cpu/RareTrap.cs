using SharpVisor.Arch;
using SharpVisor.Machine;

namespace SharpVisor.Cpu;

/// <summary>Traps that are not on a hot path, by exception class (Arm ARM D19.2.40).</summary>
internal static class RareTrap
{
    private const ulong ClassHvc64 = 0x16;
    private const ulong ClassSmc64 = 0x17;
    private const ulong ClassSystemRegister = 0x18;
    private const ulong ClassSve = 0x19;
    private const ulong ClassInstructionAbort = 0x20;
    private const ulong NotSupported = ulong.MaxValue;

    /// <summary>Handles one; what is not in the table is logged and becomes an undefined instruction for the guest.</summary>
    internal static VCpu Handle(VCpu vcpu, ulong syndrome, ulong unused1, ulong unused2)
    {
        switch (syndrome >> 26 & 0x3f)
        {
            case ClassHvc64:
                return Hypercall.Handle(vcpu, syndrome);

            case ClassSmc64: // HCR_EL2.TSC. There is no EL3 below a guest; the call itself is well formed.
                vcpu.HypercallExits++;
                vcpu.X0 = NotSupported;
                vcpu.SkipInstruction();
                return vcpu;

            case ClassSystemRegister:
                vcpu.RegisterExits++;
                return SystemRegisterTrap.Handle(vcpu, syndrome);

            case ClassInstructionAbort:
                vcpu.MemoryExits++;
                return AbortTrap.HandleInstruction(vcpu, syndrome);

            case ClassSve: // CPTR_EL2.TZ: hidden from the ID registers, so undefined.
                vcpu.OtherExits++;
                GuestException.InjectUndefined(vcpu);
                return vcpu;

            case DebugTrap.Breakpoint:
            case DebugTrap.SoftwareStep:
            case DebugTrap.Watchpoint:
            case DebugTrap.BreakpointInstruction:
                vcpu.OtherExits++;
                return DebugTrap.Handle(vcpu, syndrome);

            default:
                vcpu.OtherExits++;
                GuestLog.Report(vcpu, "unhandled exception: undefined instruction for the guest"u8, syndrome);
                return GuestFault.Undefined(vcpu);
        }
    }

    /// <summary>SError: nothing tells which access it belongs to, so the VM that ran ends.</summary>
    internal static VCpu HandleSystemError(VCpu vcpu, ulong syndrome, ulong unused1, ulong unused2) =>
        GuestFault.Crash(vcpu, "system error (SError)"u8, syndrome);
}

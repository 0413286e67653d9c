using SharpVisor.Arch;
using SharpVisor.Debug.Gdb;
using SharpVisor.Machine;
using SharpVisor.Machine.Life;

namespace SharpVisor.Cpu;

/// <summary>Debug exceptions of a guest while a debugger is attached: MDCR_EL2.TDE brings them to EL2 (Arm ARM D2.2).</summary>
internal static class DebugTrap
{
    // Exception classes, all from a lower level.
    internal const ulong Breakpoint = 0x30;
    internal const ulong SoftwareStep = 0x32;
    internal const ulong Watchpoint = 0x34;
    internal const ulong BreakpointInstruction = 0x3c;

    // Op0 2, Op1 0, CRn 0: CRm is the number, Op2 which of four it is.
    private const uint NumberedMask = (3 * SystemRegister.Op0) + (7 * SystemRegister.Op1) + (15 * SystemRegister.CRn);
    private const int FirstNumbered = 4;
    private const int WordsOfBreakpoints = 32;

    /// <summary>The VCpu has met what the debugger waits for; a breakpoint instruction that is not the debugger's is the guest's.</summary>
    internal static VCpu Handle(VCpu vcpu, ulong syndrome)
    {
        VmDebugger debugger = vcpu.Vm!.Debugger;
        ulong exceptionClass = syndrome >> 26 & 0x3f;
        DebugStopKind kind = DebugStopKind.Trap;
        ulong address = 0;
        if (exceptionClass == BreakpointInstruction
            && !(GuestTranslation.TryFetch(vcpu.Pc, out ulong ipa, out _) && debugger.HasBreakpointAt(ipa)))
        {
            GuestException.Forward(vcpu, syndrome);
            return vcpu;
        }

        if (exceptionClass == Watchpoint)
        {
            address = SystemRegisters.ReadFarEl2();
            kind = debugger.FindWatched(ref address);
        }

        debugger.Note(vcpu.Index, kind, address);
        vcpu.Vm.RequestStop(VmStop.Break);
        return CpuLoop.LeaveGuest(vcpu);
    }

    /// <summary>
    /// An access to a debug register while a debugger has them: the guest finds its own, which come into force when the
    /// debugger has gone. False where it is another register.
    /// </summary>
    internal static bool TryAccess(VCpu vcpu, uint encoding, uint register, bool isRead)
    {
        SystemContext system = vcpu.System!;
        ulong nothing = 0;
        ref ulong place = ref nothing;
        ulong value = vcpu.ReadRegister(register);
        int kind = SystemRegister.Op2Of(encoding);
        switch (encoding)
        {
            case SystemRegister.Mdscr:
                place = ref system.GuestMonitorControl;
                break;
            case SystemRegister.Oslar when !isRead:
                system.GuestLock = value & 1;
                return true;
            case SystemRegister.Oslsr when isRead:
                vcpu.WriteRegister(register, (system.GuestLock << 1) | 8); // OSLM: the lock is there
                return true;
            default:
                if (!SystemRegister.IsDebug(encoding))
                {
                    return false;
                }

                if ((encoding & NumberedMask) == 2 * SystemRegister.Op0 && kind >= FirstNumbered)
                {
                    int first = (kind & 2) == 0 ? 0 : WordsOfBreakpoints;
                    int number = SystemRegister.CRmOf(encoding);
                    if ((ulong)number <= (first == 0 ? CpuFeatures.LastBreakpoint : CpuFeatures.LastWatchpoint))
                    {
                        place = ref system.GuestDebugRegisters[first + (2 * number) + (kind & 1)];
                    }
                }

                break; // others read as zero and take nothing
        }

        if (isRead)
        {
            vcpu.WriteRegister(register, place);
        }
        else
        {
            place = value;
        }

        return true;
    }
}

using System;
using SharpVisor.Arch;
using SharpVisor.Debug;
using SharpVisor.Devices;
using SharpVisor.Machine.Ram;

namespace SharpVisor.Cpu;

/// <summary>
/// Stage-2 aborts that the hot path does not answer: accesses to RAM that is not there yet or that several VMs share,
/// accesses the syndrome does not describe, and those to nothing.
/// </summary>
internal static unsafe class AbortTrap
{
    private const ulong ClassDataAbort = 0x24;
    private const ulong SyndromeValid = 1 << 24;
    private const ulong CacheMaintenance = 1 << 8;
    private const ulong FaultOnStage1Walk = 1 << 7;
    private const ulong FaultTypeMask = 0x3c;
    private const ulong TranslationFault = 0x04;
    private const ulong PermissionFault = 0x0c;
    private const ulong WriteNotRead = 1 << 6;

    /// <summary>A data abort (EC 0x24).</summary>
    internal static VCpu HandleData(VCpu vcpu, ulong syndrome, ulong address, ulong faultIpa)
    {
        ulong ipa = (faultIpa >> 4 << 12) | (address & 0xfff);
        if (TryProvide(vcpu, syndrome, address, ref ipa, out VCpu next))
        {
            return next;
        }

        if ((syndrome & FaultTypeMask) != TranslationFault)
        {
            return Refuse(vcpu, syndrome, address, ipa, "memory access refused"u8);
        }

        if ((syndrome & FaultOnStage1Walk) != 0)
        {
            return Refuse(vcpu, syndrome, address, ipa & ~0xffful, "page tables in memory that is not there"u8);
        }

        if ((syndrome & CacheMaintenance) != 0)
        {
            // Nothing is cached of a place with no memory: the instruction has nothing to do.
            vcpu.SkipInstruction();
            return vcpu;
        }

        if ((syndrome & SyndromeValid) == 0)
        {
            return UndescribedAccess.Handle(vcpu, syndrome, address, ipa);
        }

        return Refuse(vcpu, syndrome, address, ipa, "no memory and no device"u8);
    }

    /// <summary>An instruction abort (EC 0x20): a jump to where no memory is.</summary>
    internal static VCpu HandleInstruction(VCpu vcpu, ulong syndrome)
    {
        ulong address = SystemRegisters.ReadFarEl2();
        ulong ipa = (SystemRegisters.ReadHpfarEl2() >> 4 << 12) | (address & 0xfff);
        if (TryProvide(vcpu, syndrome, address, ref ipa, out VCpu next))
        {
            return next;
        }

        if (GuestException.WouldRecurse(vcpu))
        {
            return GuestFault.Crash(vcpu, "exception vector in memory that is not there"u8, syndrome);
        }

        if (GuestLog.TryBegin(vcpu, out LogLine line))
        {
            line.Text("jump to IPA "u8).Hex(ipa).Text(", where no memory is: instruction abort for the guest"u8).End();
        }

        GuestException.InjectInstructionAbort(vcpu, address);
        return vcpu;
    }

    /// <summary>Gives the guest the page that it wanted. False where that is no page of RAM.</summary>
    /// <param name="vcpu">The VCpu, which tries again.</param>
    /// <param name="syndrome">ESR_EL2.</param>
    /// <param name="address">FAR_EL2.</param>
    /// <param name="ipa">From HPFAR_EL2; put right where that has no meaning.</param>
    /// <param name="next">What to run next.</param>
    private static bool TryProvide(VCpu vcpu, ulong syndrome, ulong address, ref ulong ipa, out VCpu next)
    {
        next = vcpu;
        ulong type = syndrome & FaultTypeMask;
        bool isOnWalk = (syndrome & FaultOnStage1Walk) != 0;
        if (type is not (TranslationFault or PermissionFault) || (type == TranslationFault && (syndrome & (CacheMaintenance | FaultOnStage1Walk)) == CacheMaintenance))
        {
            return false; // of a page that is not there nothing is cached
        }

        // HPFAR_EL2 has no meaning after a permission fault, but for one on a walk (Arm ARM D19.2.55).
        if (type == PermissionFault && !isOnWalk && !GuestTranslation.TryTranslate(address, isWrite: false, asEl0: false, out ipa, out _))
        {
            return true; // the guest has changed its tables meanwhile: it will see
        }

        // A walk that stage 2 does not permit is one that writes access flags.
        bool isWrite = isOnWalk ? type == PermissionFault : (syndrome & WriteNotRead) != 0 && (syndrome >> 26 & 0x3f) == ClassDataAbort;
        switch (vcpu.Vm!.Memory.Provide(isOnWalk ? ipa & ~0xffful : ipa, isWrite))
        {
            case MemoryOutcome.NotRam:
                return false;

            case MemoryOutcome.NoMemory:
                next = MemoryShortage.Wait(vcpu);
                return true;

            default:
                vcpu.ShortSince = 0;
                return true;
        }
    }

    /// <summary>Answers an access with a synchronous external abort, and says so.</summary>
    internal static VCpu Refuse(VCpu vcpu, ulong syndrome, ulong address, ulong ipa, ReadOnlySpan<byte> why)
    {
        if (GuestException.WouldRecurse(vcpu))
        {
            GuestLog.Begin(vcpu).Text("IPA "u8).Hex(ipa).Text(": "u8).Text(why).Text(", in its own exception vector"u8).End();
            return GuestFault.Crash(vcpu, "fault in its own exception vector"u8, syndrome);
        }

        if (GuestLog.TryBegin(vcpu, out LogLine line))
        {
            line.Text((syndrome & WriteNotRead) != 0 ? "write to IPA "u8 : "read from IPA "u8).Hex(ipa)
                .Text(": "u8).Text(why).Text(": data abort for the guest"u8).End();
        }

        GuestException.InjectDataAbort(vcpu, syndrome, address);
        return vcpu;
    }
}

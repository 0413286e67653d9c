using System;
using SharpVisor.Arch;
using SharpVisor.Debug;
using SharpVisor.Devices;
using SharpVisor.Machine;

namespace SharpVisor.Cpu;

/// <summary>Stage-2 aborts that the hot path does not answer: accesses the syndrome does not describe, and those to nothing.</summary>
internal static unsafe class AbortTrap
{
    private const ulong SyndromeValid = 1 << 24;
    private const ulong CacheMaintenance = 1 << 8;
    private const ulong FaultOnStage1Walk = 1 << 7;
    private const ulong FaultTypeMask = 0x3c;
    private const ulong TranslationFault = 0x04;
    private const ulong WriteNotRead = 1 << 6;

    /// <summary>A data abort (EC 0x24).</summary>
    internal static VCpu HandleData(VCpu vcpu, ulong syndrome, ulong address, ulong faultIpa)
    {
        ulong ipa = (faultIpa >> 4 << 12) | (address & 0xfff);
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

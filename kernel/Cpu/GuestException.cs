using SharpVisor.Arch;

namespace SharpVisor.Cpu;

/// <summary>Exceptions that the hypervisor makes a guest take at EL1 (Arm ARM D1.3.3, AArch64.TakeException).</summary>
internal static class GuestException
{
    private const ulong ClassUnknown = 0x00;
    private const ulong ClassInstructionAbortLower = 0x20;
    private const ulong ClassInstructionAbortSame = 0x21;
    private const ulong ClassDataAbortLower = 0x24;
    private const ulong ClassDataAbortSame = 0x25;
    private const ulong Length32 = 1 << 25;
    private const ulong SynchronousExternal = 0x10;
    private const ulong AddressNotValid = 1 << 10;

    private const ulong SctlrSpan = 1 << 23;
    private const ulong SctlrDssbs = 1ul << 44;

    private const ulong OffsetSameThread = 0x000;
    private const ulong OffsetSameHandler = 0x200;
    private const ulong OffsetLower64 = 0x400;
    private const ulong OffsetLower32 = 0x600;
    private const ulong OffsetMask = 0x7ff;

    /// <summary>The instruction at PC is undefined: EC 0.</summary>
    internal static void InjectUndefined(VCpu vcpu) => Take(vcpu, (ClassUnknown << 26) | Length32);

    /// <summary>An exception that came to EL2 in place of the guest's: the syndrome is what EL1 would have got.</summary>
    internal static void Forward(VCpu vcpu, ulong syndrome) => Take(vcpu, syndrome);

    /// <summary>A synchronous external abort on the data access that trapped.</summary>
    /// <param name="vcpu">The VCpu at whose PC the access stands.</param>
    /// <param name="syndrome">ESR_EL2 of the trap, whose write and length bits are handed on.</param>
    /// <param name="address">Virtual address of the access (FAR_EL2).</param>
    internal static void InjectDataAbort(VCpu vcpu, ulong syndrome, ulong address)
    {
        ulong exceptionClass = FromEl0(vcpu) ? ClassDataAbortLower : ClassDataAbortSame;
        SystemRegisters.WriteFarEl1(address);
        Take(vcpu, (exceptionClass << 26) | (syndrome & (Length32 | (1 << 6) | (1 << 8))) | SynchronousExternal | (syndrome & AddressNotValid));
    }

    /// <summary>A synchronous external abort on the fetch at <paramref name="address"/>.</summary>
    internal static void InjectInstructionAbort(VCpu vcpu, ulong address)
    {
        ulong exceptionClass = FromEl0(vcpu) ? ClassInstructionAbortLower : ClassInstructionAbortSame;
        SystemRegisters.WriteFarEl1(address);
        Take(vcpu, (exceptionClass << 26) | Length32 | SynchronousExternal);
    }

    /// <summary>
    /// Whether a synchronous exception taken now would be taken again and again: the same instruction of the guest's
    /// vectors was the last to take one. (A vector may fault once, and its handler put things right.)
    /// </summary>
    internal static bool WouldRecurse(VCpu vcpu) =>
        vcpu.Pc - (SystemRegisters.ReadVbarEl1() & ~OffsetMask) <= OffsetMask && vcpu.Pc == SystemRegisters.ReadElrEl1();

    private static bool FromEl0(VCpu vcpu) => (vcpu.Pstate & 0xf) == ProcessorState.El0 || (vcpu.Pstate & ProcessorState.Aarch32) != 0;

    // SS, UAO, BTYPE and IL become 0; TCO would become 1, but tagging is hidden, and with it the bit.
    private static void Take(VCpu vcpu, ulong syndrome)
    {
        ulong old = vcpu.Pstate;
        ulong offset = (old & ProcessorState.ModeMask) switch
        {
            ProcessorState.El1Thread => OffsetSameThread,
            ProcessorState.El1Handler => OffsetSameHandler,
            ProcessorState.El0 => OffsetLower64,
            _ => OffsetLower32,
        };

        SystemRegisters.WriteEsrEl1(syndrome);
        SystemRegisters.WriteElrEl1(vcpu.Pc);
        SystemRegisters.WriteSpsrEl1(old);

        ulong control = SystemRegisters.ReadSctlrEl1();
        ulong state = ProcessorState.El1Handler | ProcessorState.AllMasked
            | (old & (ProcessorState.Conditions | ProcessorState.PrivilegedAccessNever | ProcessorState.DataIndependentTiming));
        if (HasPrivilegedAccessNever && (control & SctlrSpan) == 0)
        {
            state |= ProcessorState.PrivilegedAccessNever;
        }

        if (HasSpeculativeStoreBypassSafe && (control & SctlrDssbs) != 0)
        {
            state |= ProcessorState.SpeculativeStoreBypassSafe;
        }

        vcpu.Pstate = state;
        vcpu.Pc = (SystemRegisters.ReadVbarEl1() & ~OffsetMask) + offset;
    }

    // ID_AA64MMFR1_EL1.PAN and ID_AA64PFR1_EL1.SSBS: without the feature the PSTATE bit is reserved.
    private static bool HasPrivilegedAccessNever => ((SystemRegisters.ReadIdAa64mmfr1El1() >> 20) & 0xf) != 0;

    private static bool HasSpeculativeStoreBypassSafe => ((SystemRegisters.ReadIdAa64pfr1El1() >> 4) & 0xf) != 0;
}

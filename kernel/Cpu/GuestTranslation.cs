using SharpVisor.Arch;

namespace SharpVisor.Cpu;

/// <summary>
/// Stage 1 of the guest whose registers are on this CPU, walked by the CPU itself (AT, Arm ARM D8.14). PAR_EL1, which
/// the guest may be about to read, is left as it was.
/// </summary>
internal static class GuestTranslation
{
    private const ulong Failed = 1;
    private const ulong FailedAtStage2 = 1 << 9; // PAR_EL1.S
    private const ulong FrameMask = 0x000f_ffff_ffff_f000;
    private const ulong OffsetMask = 0xfff;

    /// <summary>Translates for an instruction fetch; the answer does not look at execute permissions.</summary>
    /// <param name="address">Virtual address.</param>
    /// <param name="ipa">Intermediate physical address; only set where the result is true.</param>
    /// <param name="isForStage2">
    /// Where the result is false: whether only stage 2 was in the way of the walk. The guest meets that, too, when it goes
    /// on, and then it is put right.
    /// </param>
    internal static bool TryFetch(ulong address, out ulong ipa, out bool isForStage2)
    {
        // EL1 may read every page that EL0 may execute, so one kind of translation serves both.
        ulong saved = SystemRegisters.ReadParEl1();
        Tlb.TranslateStage1Read(address);
        return Finish(address, saved, out ipa, out isForStage2);
    }

    /// <summary>Translates for a data access.</summary>
    /// <param name="address">Virtual address.</param>
    /// <param name="isWrite">Whether it must be writable.</param>
    /// <param name="asEl0">With EL0's permissions.</param>
    /// <param name="ipa">Intermediate physical address; only set where the result is true.</param>
    /// <param name="isForStage2">As of <see cref="TryFetch"/>.</param>
    internal static bool TryTranslate(ulong address, bool isWrite, bool asEl0, out ulong ipa, out bool isForStage2)
    {
        ulong saved = SystemRegisters.ReadParEl1();
        if (asEl0)
        {
            if (isWrite)
            {
                Tlb.TranslateStage1UserWrite(address);
            }
            else
            {
                Tlb.TranslateStage1UserRead(address);
            }
        }
        else if (isWrite)
        {
            Tlb.TranslateStage1Write(address);
        }
        else
        {
            Tlb.TranslateStage1Read(address);
        }

        return Finish(address, saved, out ipa, out isForStage2);
    }

    /// <summary>Reads what a VCpu, whose registers are on this CPU, would read at an aligned virtual address. Not on a hot path.</summary>
    internal static bool TryRead(VCpu vcpu, bool asEl0, ulong address, out ulong value)
    {
        value = 0;
        return TryTranslate(address, isWrite: false, asEl0, out ulong ipa, out _) && vcpu.Vm!.Memory.TryReadUInt64(ipa, out value);
    }

    private static bool Finish(ulong address, ulong saved, out ulong ipa, out bool isForStage2)
    {
        Barrier.Instruction();
        ulong result = SystemRegisters.ReadParEl1();
        SystemRegisters.WriteParEl1(saved);
        isForStage2 = (result & (Failed | FailedAtStage2)) == (Failed | FailedAtStage2); // without a failure the bit is NS
        ipa = (result & FrameMask) | (address & OffsetMask);
        return (result & Failed) == 0;
    }
}

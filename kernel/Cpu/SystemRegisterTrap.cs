using System;
using SharpVisor.Arch;
using SharpVisor.Interrupts;

namespace SharpVisor.Cpu;

/// <summary>Trapped MSR, MRS and system instructions (EC 0x18): one case a register, the trap bit beside it.</summary>
internal static class SystemRegisterTrap
{
    private const uint IsRead = 1;

    /// <summary>Handles one; a register that is hidden or unknown is logged and undefined for the guest.</summary>
    internal static VCpu Handle(VCpu vcpu, ulong syndrome)
    {
        uint encoding = (uint)syndrome & SystemRegister.EncodingMask;
        uint register = (uint)(syndrome >> 5) & 31;
        if (vcpu.System!.HasDebugger && DebugTrap.TryAccess(vcpu, encoding, register, (syndrome & IsRead) != 0)) // MDCR_EL2.TDE
        {
            vcpu.SkipInstruction();
            return vcpu;
        }

        if (SystemRegister.IsDebug(encoding) && !vcpu.System.HasDebugRegisters) // MDCR_EL2.TDA
        {
            return HandleDebug(vcpu, encoding, register, (syndrome & IsRead) != 0);
        }

        bool known = (syndrome & IsRead) != 0
            ? TryRead(vcpu, encoding, register)
            : TryWrite(vcpu, encoding, vcpu.ReadRegister(register));
        if (known)
        {
            vcpu.SkipInstruction();
            return vcpu;
        }

        Report(vcpu, encoding, (syndrome & IsRead) != 0);
        return GuestFault.Undefined(vcpu);
    }

    /// <summary>
    /// Breakpoints and watchpoints: while the guest has set none, writes of 0 change nothing (operating systems clear them
    /// all when they start). Anything else lets the guest have the registers, and the instruction is done again.
    /// </summary>
    private static VCpu HandleDebug(VCpu vcpu, uint encoding, uint register, bool isRead)
    {
        if (encoding == SystemRegister.Mdscr)
        {
            if (isRead)
            {
                vcpu.WriteRegister(register, SystemRegisters.ReadMdscrEl1());
            }
            else
            {
                SystemRegisters.WriteMdscrEl1(vcpu.ReadRegister(register));
            }
        }
        else if (isRead || vcpu.ReadRegister(register) != 0)
        {
            vcpu.System!.TakeUpDebugRegisters();
            return vcpu;
        }

        vcpu.SkipInstruction();
        return vcpu;
    }

    private static bool TryRead(VCpu vcpu, uint encoding, uint register)
    {
        ulong value;
        if (SystemRegister.IsIdentification(encoding)) // HCR_EL2.TID3
        {
            value = vcpu.Vm!.Identification.Read(SystemRegister.CRmOf(encoding), SystemRegister.Op2Of(encoding));
        }
        else
        {
            switch (encoding)
            {
                case SystemRegister.Revidr: // HCR_EL2.TID1; goes with MIDR, which is the hardware's too
                    value = SystemRegisters.ReadRevidrEl1();
                    break;
                case SystemRegister.Aidr: // HCR_EL2.TID1
                case SystemRegister.Actlr: // HCR_EL2.TACR
                case SystemRegister.Mdrar: // MDCR_EL2.TDRA: no debug ROM
                case SystemRegister.Osdlr: // MDCR_EL2.TDOSA: no double lock
                case SystemRegister.Dbgprcr: // MDCR_EL2.TDOSA
                    value = 0;
                    break;
                case SystemRegister.Oslsr: // MDCR_EL2.TDOSA
                    value = SystemRegisters.ReadOslsrEl1();
                    break;
                case SystemRegister.CntpCtl: // CNTHCTL_EL2.EL1PCEN
                    value = vcpu.PhysicalTimer!.Control;
                    break;
                case SystemRegister.CntpCval:
                    value = vcpu.PhysicalTimer!.CompareValue;
                    break;
                case SystemRegister.CntpTval:
                    value = vcpu.PhysicalTimer!.TimerValue;
                    break;
                case SystemRegister.IccPmr when vcpu.Vm!.Identification.HasGicSystemRegisters: // ICH_HCR_EL2.TC
                    value = GicV3TrappedRegisters.PriorityMask;
                    break;
                case SystemRegister.IccCtlr when vcpu.Vm!.Identification.HasGicSystemRegisters:
                    value = GicV3TrappedRegisters.Control;
                    break;
                case SystemRegister.IccRpr when vcpu.Vm!.Identification.HasGicSystemRegisters:
                    value = GicV3TrappedRegisters.RunningPriority;
                    break;
                default:
                    return false;
            }
        }

        vcpu.WriteRegister(register, value);
        return true;
    }

    private static bool TryWrite(VCpu vcpu, uint encoding, ulong value)
    {
        switch (encoding)
        {
            case SystemRegister.Actlr: // HCR_EL2.TACR
            case SystemRegister.Osdlr: // MDCR_EL2.TDOSA
            case SystemRegister.Dbgprcr: // MDCR_EL2.TDOSA: a request to an external debugger's power control
                return true;
            case SystemRegister.Oslar: // MDCR_EL2.TDOSA. The lock holds back the guest's own breakpoints and steps alone
                SystemRegisters.WriteOslarEl1(value & 1);
                return true;
            case SystemRegister.CntpCtl: // CNTHCTL_EL2.EL1PCEN
                vcpu.PhysicalTimer!.WriteControl(value);
                return true;
            case SystemRegister.CntpCval:
                vcpu.PhysicalTimer!.WriteCompareValue(value);
                return true;
            case SystemRegister.CntpTval:
                vcpu.PhysicalTimer!.WriteTimerValue(value);
                return true;
            case SystemRegister.DcIsw: // HCR_EL2.TSW. An invalidate alone could lose another owner's data: it cleans as well.
            case SystemRegister.DcCsw:
            case SystemRegister.DcCisw:
                CleanInvalidateSetWay(value);
                return true;
            case SystemRegister.IccSgi1r: // HCR_EL2.IMO and FMO; the usual case does not come this way
                if (!vcpu.Vm!.Identification.HasGicSystemRegisters)
                {
                    return false;
                }

                vcpu.Vm.Gic.SendSgi(vcpu.Index, value);
                return true;
            case SystemRegister.IccSgi0r:
            case SystemRegister.IccAsgi1r: // the other security state: nothing of the guest is there
            case SystemRegister.IccPmr: // ICH_HCR_EL2.TC
            case SystemRegister.IccCtlr:
            case SystemRegister.IccDir: // ICH_HCR_EL2.TDIR or TC
                return vcpu.Vm!.Identification.HasGicSystemRegisters && TryWriteInterrupts(vcpu, encoding, value);
            default:
                return false;
        }
    }

    private static bool TryWriteInterrupts(VCpu vcpu, uint encoding, ulong value)
    {
        switch (encoding)
        {
            case SystemRegister.IccSgi0r:
                vcpu.Vm!.Gic.SendGroup0Sgi(vcpu.Index, value);
                break;
            case SystemRegister.IccPmr:
                GicV3TrappedRegisters.PriorityMask = value;
                break;
            case SystemRegister.IccCtlr:
                GicV3TrappedRegisters.Control = value;
                break;
            case SystemRegister.IccDir:
                vcpu.Vm!.Gic.Deactivate(vcpu.Index, (uint)value & 0xff_ffff);
                break;
        }

        return true;
    }

    private static void CleanInvalidateSetWay(ulong operand)
    {
        if (!SetWayOperand.NamesDataCache(operand, SystemRegisters.ReadClidrEl1()))
        {
            return;
        }

        ulong selected = SystemRegisters.ReadCsselrEl1();
        SystemRegisters.WriteCsselrEl1((ulong)SetWayOperand.LevelOf(operand) << 1);
        Barrier.Instruction();
        ulong geometry = SystemRegisters.ReadCcsidrEl1();
        SystemRegisters.WriteCsselrEl1(selected);
        bool isWide = (SystemRegisters.ReadIdAa64mmfr2El1() >> 20 & 15) != 0;
        if (SetWayOperand.IsInside(operand, geometry, isWide))
        {
            Native.CleanInvalidateSetWay(operand);
        }
    }

    /// <summary>The name of what is hidden; of what is not known, the fields of a row of <see cref="SystemRegister"/>.</summary>
    private static void Report(VCpu vcpu, uint encoding, bool read)
    {
        if (!GuestLog.TryBegin(vcpu, out Debug.LogLine line))
        {
            return;
        }

        line.Text(read ? "read of "u8 : "write to "u8);
        ReadOnlySpan<byte> name = HiddenRegister.NameOf(encoding);
        if (!name.IsEmpty)
        {
            line.Text(name).Text(", which a guest does not have: undefined"u8).End();
            return;
        }

        line.Text(SystemRegister.IsImplementationDefined(encoding) ? "implementation-defined"u8 : "unknown"u8)
            .Text(" system register, undefined: op0 "u8).Decimal(encoding / SystemRegister.Op0 & 3)
            .Text(" op1 "u8).Decimal(encoding / SystemRegister.Op1 & 7)
            .Text(" CRn "u8).Decimal(encoding / SystemRegister.CRn & 15)
            .Text(" CRm "u8).Decimal(encoding / SystemRegister.CRm & 15)
            .Text(" op2 "u8).Decimal(encoding / SystemRegister.Op2 & 7).End();
    }
}

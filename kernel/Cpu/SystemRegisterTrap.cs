using SharpVisor.Arch;

namespace SharpVisor.Cpu;

/// <summary>Trapped MSR, MRS and system instructions (EC 0x18): one case a register, the trap bit beside it.</summary>
internal static class SystemRegisterTrap
{
    // Op0, Op1, CRn, CRm and Op2 as they stand in ISS, without Rt and direction.
    private const uint EncodingMask = 0x003f_fc1e;
    private const uint IsRead = 1;

    private const uint Actlr = (3 << 20) | (1 << 17) | (1 << 10);
    private const uint CntpTval = (3 << 20) | (3 << 14) | (14 << 10) | (2 << 1);
    private const uint CntpCtl = CntpTval | (1 << 17);
    private const uint CntpCval = CntpTval | (2 << 17);
    private const uint Oslar = (2 << 20) | (4 << 17) | (1 << 10);
    private const uint Oslsr = Oslar | (1 << 1);
    private const uint Osdlr = (2 << 20) | (4 << 17) | (1 << 10) | (3 << 1);
    private const uint Dbgprcr = (2 << 20) | (4 << 17) | (1 << 10) | (4 << 1);
    private const uint DcIsw = (1 << 20) | (2 << 17) | (7 << 10) | (6 << 1);
    private const uint DcCsw = (1 << 20) | (2 << 17) | (7 << 10) | (10 << 1);
    private const uint DcCisw = (1 << 20) | (2 << 17) | (7 << 10) | (14 << 1);
    private const uint IccSgi1r = (3 << 20) | (5 << 17) | (12 << 10) | (11 << 1);
    private const uint IccAsgi1r = (3 << 20) | (6 << 17) | (12 << 10) | (11 << 1);
    private const uint IccSgi0r = (3 << 20) | (7 << 17) | (12 << 10) | (11 << 1);
    private const uint Revidr = (3 << 20) | (6 << 17);
    private const uint Aidr = (3 << 20) | (7 << 17) | (1 << 14);

    // Everything with op0 3, op1 0, CRn 0: the ID registers; CRm in bits 4:1.
    private const uint IdSpaceMask = (3 << 20) | (7 << 14) | (15 << 10);
    private const uint IdSpace = 3 << 20;

    private const ulong OslsrImplementedUnlocked = 1 << 3;

    /// <summary>Handles one; an unknown register is logged and undefined for the guest.</summary>
    internal static VCpu Handle(VCpu vcpu, ulong syndrome)
    {
        uint encoding = (uint)syndrome & EncodingMask;
        uint register = (uint)(syndrome >> 5) & 31;
        bool known = (syndrome & IsRead) != 0
            ? TryRead(vcpu, encoding, register)
            : TryWrite(vcpu, encoding, vcpu.ReadRegister(register));
        if (known)
        {
            vcpu.SkipInstruction();
            return vcpu;
        }

        ReportUnknown(vcpu, encoding, (syndrome & IsRead) != 0);
        return GuestFault.Undefined(vcpu);
    }

    private static bool TryRead(VCpu vcpu, uint encoding, uint register)
    {
        ulong value;
        if ((encoding & IdSpaceMask) == IdSpace && (encoding >> 1 & 15) != 0)
        {
            value = vcpu.Vm!.Identification.Read((int)(encoding >> 1) & 15, (int)(encoding >> 17) & 7); // HCR_EL2.TID3
        }
        else
        {
            switch (encoding)
            {
                case Actlr: // HCR_EL2.TACR
                case Revidr: // HCR_EL2.TID1
                case Aidr: // HCR_EL2.TID1
                case Osdlr: // MDCR_EL2.TDOSA
                case Dbgprcr: // MDCR_EL2.TDOSA
                    value = 0;
                    break;
                case Oslsr: // MDCR_EL2.TDOSA
                    value = OslsrImplementedUnlocked;
                    break;
                case CntpCtl: // CNTHCTL_EL2.EL1PCEN
                    value = vcpu.PhysicalTimer!.Control;
                    break;
                case CntpCval:
                    value = vcpu.PhysicalTimer!.CompareValue;
                    break;
                case CntpTval:
                    value = vcpu.PhysicalTimer!.TimerValue;
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
            case Actlr: // HCR_EL2.TACR
            case Oslar: // MDCR_EL2.TDOSA: the OS lock is the hypervisor's
            case Osdlr:
            case Dbgprcr:
                return true;
            case CntpCtl: // CNTHCTL_EL2.EL1PCEN
                vcpu.PhysicalTimer!.WriteControl(value);
                return true;
            case CntpCval:
                vcpu.PhysicalTimer!.WriteCompareValue(value);
                return true;
            case CntpTval:
                vcpu.PhysicalTimer!.WriteTimerValue(value);
                return true;
            case DcIsw: // HCR_EL2.TSW. An invalidate alone could lose another owner's data: it cleans as well.
            case DcCsw:
            case DcCisw:
                Native.CleanInvalidateSetWay(value);
                return true;
            case IccSgi1r: // HCR_EL2.IMO and FMO; the usual case does not come this way
                vcpu.Vm!.Gic.SendSgi(vcpu.Index, value);
                return true;
            case IccSgi0r:
            case IccAsgi1r: // group 0 and the other security state: nothing of the guest is there
                return true;
            default:
                return false;
        }
    }

    /// <summary>The line has the shape of a case above, ready to be turned into one.</summary>
    private static void ReportUnknown(VCpu vcpu, uint encoding, bool read)
    {
        if (!GuestLog.TryBegin(vcpu, out Debug.LogLine line))
        {
            return;
        }

        line.Text(read ? "read of unknown system register, undefined: op0 "u8 : "write to unknown system register, undefined: op0 "u8)
            .Decimal(encoding >> 20 & 3).Text(" op1 "u8).Decimal(encoding >> 14 & 7)
            .Text(" CRn "u8).Decimal(encoding >> 10 & 15).Text(" CRm "u8).Decimal(encoding >> 1 & 15)
            .Text(" op2 "u8).Decimal(encoding >> 17 & 7).End();
    }
}

using System;
using SharpVisor.Arch;

namespace SharpVisor.Debug;

/// <summary>An exception syndrome in words (Arm ARM D19.2.40), for the panic report and the log.</summary>
public static class EsrDescription
{
    private const uint ClassWfx = 0x01;
    private const uint ClassFloatingPoint = 0x07;
    private const uint ClassSystemRegister = 0x18;
    private const uint ClassInstructionAbortLower = 0x20;
    private const uint ClassInstructionAbortSame = 0x21;
    private const uint ClassDataAbortLower = 0x24;
    private const uint ClassDataAbortSame = 0x25;
    private const uint ClassSystemError = 0x2f;

    /// <summary>Writes the description; what does not fit is cut off. 160 bytes hold every one.</summary>
    /// <returns>Bytes written.</returns>
    public static int Write(Esr esr, Span<byte> output)
    {
        var text = new Writer(output);
        text.Text(NameOf(esr.ExceptionClass));
        switch (esr.ExceptionClass)
        {
            case ClassWfx:
                text.Text((esr.Iss & 3) switch
                {
                    0 => ": WFI"u8,
                    1 => ": WFE"u8,
                    2 => ": WFIT"u8,
                    _ => ": WFET"u8,
                });
                break;
            case 0x11 or 0x12 or 0x13 or 0x15 or 0x16 or 0x17 or 0x38 or 0x3c:
                text.Text(" #"u8);
                text.Hex(esr.Immediate);
                break;
            case ClassSystemRegister:
                WriteSystemRegister(ref text, esr);
                break;
            case ClassInstructionAbortLower or ClassInstructionAbortSame:
                text.Text(": "u8);
                WriteFaultStatus(ref text, esr.FaultStatus);
                WriteWalk(ref text, esr);
                break;
            case ClassDataAbortLower or ClassDataAbortSame:
                WriteDataAbort(ref text, esr);
                break;
            case ClassSystemError:
                text.Text(", ISS "u8);
                text.Hex(esr.Iss);
                break;
            default:
                if (esr.Iss != 0)
                {
                    text.Text(", ISS "u8);
                    text.Hex(esr.Iss);
                }

                break;
        }

        return text.Length;
    }

    private static ReadOnlySpan<byte> NameOf(uint exceptionClass) => exceptionClass switch
    {
        0x00 => "unknown reason (undefined instruction)"u8,
        ClassWfx => "WFx"u8,
        0x03 or 0x05 => "AArch32 MCR or MRC"u8,
        0x04 or 0x0c => "AArch32 MCRR or MRRC"u8,
        0x06 => "AArch32 LDC or STC"u8,
        ClassFloatingPoint => "SIMD or floating-point access"u8,
        0x08 => "AArch32 VMRS"u8,
        0x09 => "pointer authentication"u8,
        0x0a => "64-byte load or store"u8,
        0x0d => "branch target"u8,
        0x0e => "illegal execution state"u8,
        0x11 => "SVC (AArch32)"u8,
        0x12 => "HVC (AArch32)"u8,
        0x13 => "SMC (AArch32)"u8,
        0x15 => "SVC"u8,
        0x16 => "HVC"u8,
        0x17 => "SMC"u8,
        ClassSystemRegister => "system register"u8,
        0x19 => "SVE access"u8,
        0x1a => "ERET"u8,
        0x1c => "pointer authentication failure"u8,
        0x1d => "SME access"u8,
        ClassInstructionAbortLower => "instruction abort from a lower level"u8,
        ClassInstructionAbortSame => "instruction abort"u8,
        0x22 => "PC alignment"u8,
        ClassDataAbortLower => "data abort from a lower level"u8,
        ClassDataAbortSame => "data abort"u8,
        0x26 => "SP alignment"u8,
        0x27 => "memory operation (CPY or SET)"u8,
        0x28 or 0x2c => "floating-point exception"u8,
        ClassSystemError => "SError"u8,
        0x30 => "breakpoint from a lower level"u8,
        0x31 => "breakpoint"u8,
        0x32 => "software step from a lower level"u8,
        0x33 => "software step"u8,
        0x34 => "watchpoint from a lower level"u8,
        0x35 => "watchpoint"u8,
        0x38 => "BKPT (AArch32)"u8,
        0x3a => "vector catch (AArch32)"u8,
        0x3c => "BRK"u8,
        _ => "reserved exception class"u8,
    };

    private static void WriteSystemRegister(ref Writer text, Esr esr)
    {
        text.Text(esr.IsSystemRegisterRead ? " read: op0 "u8 : " write: op0 "u8);
        text.Decimal(esr.Op0);
        text.Text(" op1 "u8);
        text.Decimal(esr.Op1);
        text.Text(" CRn "u8);
        text.Decimal(esr.CRn);
        text.Text(" CRm "u8);
        text.Decimal(esr.CRm);
        text.Text(" op2 "u8);
        text.Decimal(esr.Op2);
        text.Text(", X"u8);
        text.Decimal(esr.SystemRegisterTarget);
    }

    private static void WriteDataAbort(ref Writer text, Esr esr)
    {
        text.Text(esr.IsCacheMaintenance ? ": cache maintenance, "u8 : esr.IsWrite ? ": write, "u8 : ": read, "u8);
        WriteFaultStatus(ref text, esr.FaultStatus);
        WriteWalk(ref text, esr);
        if (esr.IsAccessDescribed)
        {
            text.Text(", "u8);
            text.Decimal((uint)esr.AccessSize);
            text.Text(esr.AccessSize == 1 ? " byte, "u8 : " bytes, "u8);
            text.Text(esr.IsRegister64 ? "X"u8 : "W"u8);
            text.Decimal(esr.Register);
            if (esr.IsSignExtended)
            {
                text.Text(" sign-extended"u8);
            }
        }

        if (esr.IsAddressInvalid)
        {
            text.Text(", FAR not valid"u8);
        }
    }

    private static void WriteWalk(ref Writer text, Esr esr)
    {
        if (esr.IsOnStage1Walk)
        {
            text.Text(", on a stage-1 walk"u8);
        }
    }

    private static void WriteFaultStatus(ref Writer text, uint status)
    {
        switch (status)
        {
            case 0x10:
                text.Text("synchronous external abort"u8);
                return;
            case 0x11:
                text.Text("tag check fault"u8);
                return;
            case 0x18:
                text.Text("parity or ECC error"u8);
                return;
            case 0x21:
                text.Text("alignment fault"u8);
                return;
            case 0x30:
                text.Text("TLB conflict"u8);
                return;
            case 0x31:
                text.Text("unsupported atomic update"u8);
                return;
            case 0x34:
                text.Text("cache lockdown fault"u8);
                return;
            case 0x35:
                text.Text("unsupported exclusive or atomic access"u8);
                return;
            case 0x29:
                text.Text("address size fault, level -1"u8);
                return;
            case 0x2b:
                text.Text("translation fault, level -1"u8);
                return;
        }

        ReadOnlySpan<byte> kind = (status >> 2) switch
        {
            0 => "address size fault"u8,
            1 => "translation fault"u8,
            2 => "access flag fault"u8,
            3 => "permission fault"u8,
            5 => "external abort on a table walk"u8,
            7 => "parity or ECC error on a table walk"u8,
            _ => default,
        };

        if (kind.IsEmpty)
        {
            text.Text("reserved fault status "u8);
            text.Hex(status);
            return;
        }

        text.Text(kind);
        text.Text(", level "u8);
        text.Decimal(status & 3);
    }

    private ref struct Writer
    {
        private readonly Span<byte> _output;
        private int _length;

        internal Writer(Span<byte> output)
        {
            _output = output;
            _length = 0;
        }

        internal readonly int Length => _length;

        internal void Text(ReadOnlySpan<byte> text)
        {
            for (int i = 0; i < text.Length && _length < _output.Length; i++)
            {
                _output[_length++] = text[i];
            }
        }

        internal void Decimal(uint value)
        {
            uint divisor = 1;
            while (value / divisor >= 10)
            {
                divisor *= 10;
            }

            for (; divisor != 0; divisor /= 10)
            {
                Digit(value / divisor % 10);
            }
        }

        internal void Hex(uint value)
        {
            Text("0x"u8);
            int shift = 28;
            while (shift > 0 && value >> shift == 0)
            {
                shift -= 4;
            }

            for (; shift >= 0; shift -= 4)
            {
                Digit(value >> shift & 15);
            }
        }

        private void Digit(uint digit)
        {
            if (_length < _output.Length)
            {
                _output[_length++] = "0123456789abcdef"u8[(int)digit];
            }
        }
    }
}

namespace SharpVisor.Guests;

/// <summary>
/// Every encoding of the system instructions' space: op0, op1, CRn, CRm, op2, read and write. That is system registers
/// (op0 2 and 3), cache, TLB and address translation instructions (1), PSTATE, hints and barriers (0).
/// </summary>
internal static class RegisterAttack
{
    private const uint SystemInstruction = 0xd500_0000;
    private const uint Read = 1 << 21;
    private const uint Encodings = 1 << 16;
    private const uint NoRegister = 31;
    private const uint BinaryPoint0 = 0xc643; // ICC_BPR0_EL1
    private const uint BinaryPoint1 = 0xc663; // ICC_BPR1_EL1
    private const uint NoOperation = 0xd503_201f;

    /// <summary>Tries those from a place on, a number of them; answers where the next call goes on.</summary>
    internal static uint Run(Attacker attacker, uint from, uint count)
    {
        const uint together = Attacker.Slots / 2;
        for (uint done = 0; done < count; done += together)
        {
            for (uint i = 0; i < together; i++)
            {
                Prepare(attacker, (int)i * 2, (from + done + i) % Encodings);
            }

            attacker.Publish();
            for (uint i = 0; i < together; i++)
            {
                bool actsOnAddress = ((from + done + i) % Encodings) >> 14 == 1;
                attacker.Try((int)i * 2, 0);
                attacker.Try(((int)i * 2) + 1, actsOnAddress ? attacker.Scratch : ValueFor(attacker, (from + done + i) % Encodings));
            }
        }

        return (from + count) % Encodings;
    }

    /// <summary>
    /// Anything, but for the binary points: QEMU 7.2 keeps their reserved bits and then ends itself with an assertion
    /// ("bpr > 0"), which no hypervisor below a guest can prevent.
    /// </summary>
    private static ulong ValueFor(Attacker attacker, uint encoding) =>
        encoding is BinaryPoint0 or BinaryPoint1 ? attacker.Random.Below(8) : attacker.Random.NextNasty();

    /// <summary>Writes a read and a write of an encoding into two slots.</summary>
    private static void Prepare(Attacker attacker, int slot, uint encoding)
    {
        uint write = SystemInstruction | (encoding << 5);
        if (encoding >> 14 == 0)
        {
            write = IsWaitOrStack(encoding) ? NoOperation : write | NoRegister;
            attacker.Write(slot, write | Read);
            attacker.Write(slot + 1, write);
        }
        else if (IsOwnFooting(encoding))
        {
            // Another value would end this guest and nobody else: it gets back what it held.
            attacker.Write(slot, write | Read);
            attacker.Write(slot + 1, write | Read, write);
        }
        else
        {
            attacker.Write(slot, write | Read);
            attacker.Write(slot + 1, write);
        }
    }

    /// <summary>SPSel, which moves the stack; WFE, WFI and those with a time-out, which are for another attack.</summary>
    private static bool IsWaitOrStack(uint encoding)
    {
        uint op1 = encoding >> 11 & 7;
        uint crn = encoding >> 7 & 15;
        uint crm = encoding >> 3 & 15;
        uint op2 = encoding & 7;
        bool isStack = op1 == 0 && crn == 4 && op2 == 5;
        bool isWait = op1 == 3 && ((crn == 2 && crm == 0 && op2 is 2 or 3) || crn == 1);
        return isStack || isWait;
    }

    private static bool IsOwnFooting(uint encoding)
    {
        switch (encoding)
        {
            case 0xc080: // SCTLR_EL1
            case 0xc082: // CPACR_EL1
            case 0xc083: // SCTLR2_EL1
            case 0xc100: // TTBR0_EL1
            case 0xc101: // TTBR1_EL1
            case 0xc102: // TCR_EL1
            case 0xc103: // TCR2_EL1
            case 0xc510: // MAIR_EL1
            case 0xc600: // VBAR_EL1
            case 0xc210: // SPSel
            case 0x8012: // MDSCR_EL1
                return true;
            default:
                return false;
        }
    }
}

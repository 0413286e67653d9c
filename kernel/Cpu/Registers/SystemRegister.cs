namespace SharpVisor.Cpu;

/// <summary>
/// The registers and system instructions whose traps are answered, by their encoding as it stands in the syndrome of
/// EC 0x18 (Arm ARM D19.2.40): Op0, Op1, CRn, CRm and Op2, without Rt and direction.
/// </summary>
internal static class SystemRegister
{
    /// <summary>The bits of ISS that are the encoding.</summary>
    internal const uint EncodingMask = 0x003f_fc1e;

    // One of each field.
    internal const uint Op0 = 1 << 20;
    internal const uint Op1 = 1 << 14;
    internal const uint CRn = 1 << 10;
    internal const uint CRm = 1 << 1;
    internal const uint Op2 = 1 << 17;

    internal const uint DcIsw = (1 * Op0) + (7 * CRn) + (6 * CRm) + (2 * Op2);
    internal const uint DcCsw = (1 * Op0) + (7 * CRn) + (10 * CRm) + (2 * Op2);
    internal const uint DcCisw = (1 * Op0) + (7 * CRn) + (14 * CRm) + (2 * Op2);

    internal const uint Mdscr = (2 * Op0) + (2 * CRm) + (2 * Op2);
    internal const uint Mdrar = (2 * Op0) + (1 * CRn);
    internal const uint Oslar = (2 * Op0) + (1 * CRn) + (4 * Op2);
    internal const uint Oslsr = (2 * Op0) + (1 * CRn) + (1 * CRm) + (4 * Op2);
    internal const uint Osdlr = (2 * Op0) + (1 * CRn) + (3 * CRm) + (4 * Op2);
    internal const uint Dbgprcr = (2 * Op0) + (1 * CRn) + (4 * CRm) + (4 * Op2);

    internal const uint Revidr = (3 * Op0) + (6 * Op2);
    internal const uint Aidr = (3 * Op0) + (1 * Op1) + (7 * Op2);
    internal const uint Actlr = (3 * Op0) + (1 * CRn) + (1 * Op2);
    internal const uint CntpTval = (3 * Op0) + (3 * Op1) + (14 * CRn) + (2 * CRm);
    internal const uint CntpCtl = CntpTval + (1 * Op2);
    internal const uint CntpCval = CntpTval + (2 * Op2);
    internal const uint IccPmr = (3 * Op0) + (4 * CRn) + (6 * CRm);
    internal const uint IccDir = (3 * Op0) + (12 * CRn) + (11 * CRm) + (1 * Op2);
    internal const uint IccRpr = (3 * Op0) + (12 * CRn) + (11 * CRm) + (3 * Op2);
    internal const uint IccCtlr = (3 * Op0) + (12 * CRn) + (12 * CRm) + (4 * Op2);
    internal const uint IccSgi1r = (3 * Op0) + (12 * CRn) + (11 * CRm) + (5 * Op2);
    internal const uint IccAsgi1r = (3 * Op0) + (12 * CRn) + (11 * CRm) + (6 * Op2);
    internal const uint IccSgi0r = (3 * Op0) + (12 * CRn) + (11 * CRm) + (7 * Op2);
    internal const uint IccSre = (3 * Op0) + (12 * CRn) + (12 * CRm) + (5 * Op2);

    // Everything with op0 3, op1 0, CRn 0: the ID registers, but for CRm 0.
    private const uint IdSpaceMask = (3 * Op0) + (7 * Op1) + (15 * CRn);
    private const uint IdSpace = 3 * Op0;

    /// <summary>CRm of an encoding.</summary>
    internal static int CRmOf(uint encoding) => (int)(encoding / CRm) & 15;

    /// <summary>Op2 of an encoding.</summary>
    internal static int Op2Of(uint encoding) => (int)(encoding / Op2) & 7;

    /// <summary>Whether MDCR_EL2.TDA traps it: breakpoints, watchpoints and what belongs to them (Arm ARM D19.3.22).</summary>
    internal static bool IsDebug(uint encoding) => (encoding & ((3 * Op0) + (7 * Op1) + (8 * CRn))) == 2 * Op0
        ? (encoding & (7 * CRn)) is 0 or (7 * CRn)
        : (encoding & ((3 * Op0) + (7 * Op1) + (15 * CRn))) == (2 * Op0) + (3 * Op1);

    /// <summary>Whether it is one of <see cref="IdentificationRegisters"/>.</summary>
    internal static bool IsIdentification(uint encoding) => (encoding & IdSpaceMask) == IdSpace && CRmOf(encoding) != 0;

    /// <summary>Whether the encoding is left to the CPU's maker (op0 1 or 3, CRn 11 or 15).</summary>
    internal static bool IsImplementationDefined(uint encoding) => (encoding & ((1 * Op0) + (11 * CRn))) == (1 * Op0) + (11 * CRn);
}

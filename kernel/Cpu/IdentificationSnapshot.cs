using SharpVisor.Arch;

namespace SharpVisor.Cpu;

/// <summary>The calling CPU's ID registers.</summary>
internal static class IdentificationSnapshot
{
    /// <summary>Reads them.</summary>
    /// <param name="raw">64 entries, by CRm * 8 + op2 of op0 3, op1 0, CRn 0; what is not allocated stays as it is.</param>
    internal static void Read(ulong[] raw)
    {
        raw[(1 * 8) + 0] = SystemRegisters.ReadIdPfr0El1();
        raw[(1 * 8) + 1] = SystemRegisters.ReadIdPfr1El1();
        raw[(1 * 8) + 2] = SystemRegisters.ReadIdDfr0El1();
        raw[(1 * 8) + 3] = SystemRegisters.ReadIdAfr0El1();
        raw[(1 * 8) + 4] = SystemRegisters.ReadIdMmfr0El1();
        raw[(1 * 8) + 5] = SystemRegisters.ReadIdMmfr1El1();
        raw[(1 * 8) + 6] = SystemRegisters.ReadIdMmfr2El1();
        raw[(1 * 8) + 7] = SystemRegisters.ReadIdMmfr3El1();
        raw[(2 * 8) + 0] = SystemRegisters.ReadIdIsar0El1();
        raw[(2 * 8) + 1] = SystemRegisters.ReadIdIsar1El1();
        raw[(2 * 8) + 2] = SystemRegisters.ReadIdIsar2El1();
        raw[(2 * 8) + 3] = SystemRegisters.ReadIdIsar3El1();
        raw[(2 * 8) + 4] = SystemRegisters.ReadIdIsar4El1();
        raw[(2 * 8) + 5] = SystemRegisters.ReadIdIsar5El1();
        raw[(2 * 8) + 6] = SystemRegisters.ReadIdMmfr4El1();
        raw[(2 * 8) + 7] = SystemRegisters.ReadIdIsar6El1();
        raw[(3 * 8) + 0] = SystemRegisters.ReadMvfr0El1();
        raw[(3 * 8) + 1] = SystemRegisters.ReadMvfr1El1();
        raw[(3 * 8) + 2] = SystemRegisters.ReadMvfr2El1();
        raw[(3 * 8) + 4] = SystemRegisters.ReadIdPfr2El1();
        raw[(3 * 8) + 5] = SystemRegisters.ReadIdDfr1El1();
        raw[(3 * 8) + 6] = SystemRegisters.ReadIdMmfr5El1();
        raw[(4 * 8) + 0] = SystemRegisters.ReadIdAa64pfr0El1();
        raw[(4 * 8) + 1] = SystemRegisters.ReadIdAa64pfr1El1();
        raw[(4 * 8) + 4] = SystemRegisters.ReadIdAa64zfr0El1();
        raw[(5 * 8) + 0] = SystemRegisters.ReadIdAa64dfr0El1();
        raw[(5 * 8) + 1] = SystemRegisters.ReadIdAa64dfr1El1();
        raw[(5 * 8) + 4] = SystemRegisters.ReadIdAa64afr0El1();
        raw[(5 * 8) + 5] = SystemRegisters.ReadIdAa64afr1El1();
        raw[(6 * 8) + 0] = SystemRegisters.ReadIdAa64isar0El1();
        raw[(6 * 8) + 1] = SystemRegisters.ReadIdAa64isar1El1();
        raw[(6 * 8) + 2] = SystemRegisters.ReadIdAa64isar2El1();
        raw[(7 * 8) + 0] = SystemRegisters.ReadIdAa64mmfr0El1();
        raw[(7 * 8) + 1] = SystemRegisters.ReadIdAa64mmfr1El1();
        raw[(7 * 8) + 2] = SystemRegisters.ReadIdAa64mmfr2El1();
    }
}

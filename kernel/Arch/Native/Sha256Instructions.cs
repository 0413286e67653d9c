using System.Runtime;
using System.Runtime.CompilerServices;

namespace SharpVisor.Arch;

/// <summary>FEAT_SHA256: the CPU compresses blocks by itself (boot/sha256.S).</summary>
public static unsafe class Sha256Instructions
{
    private const int Sha2Shift = 12;
    private const ulong FieldMask = 15;

    /// <summary>ID_AA64ISAR0_EL1.SHA2, Arm ARM D19.2.61.</summary>
    public static bool Exist => (SystemRegisters.ReadIdAa64isar0El1() >> Sha2Shift & FieldMask) != 0;

    /// <summary>Compresses. Uses SIMD registers: only where no guest's state is live.</summary>
    /// <param name="state">8 words, a to h.</param>
    /// <param name="blocks">The first block.</param>
    /// <param name="count">Number of blocks of 64 bytes, at least 1.</param>
    [RuntimeImport("*", "sha256_blocks")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void Compress(uint* state, byte* blocks, int count);
}

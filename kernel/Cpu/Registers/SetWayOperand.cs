using System.Numerics;

namespace SharpVisor.Cpu;

/// <summary>
/// The operand of DC ISW, CSW and CISW (Arm ARM C5.3). With a level, set or way that the cache has not, a CPU may take
/// the instruction as undefined, so a guest's operand is checked before the hypervisor uses it.
/// </summary>
internal static class SetWayOperand
{
    // CLIDR_EL1.Ctype<n>: three bits a level; 2 data, 3 instruction and data apart, 4 unified.
    private const ulong FirstTypeWithData = 2;

    /// <summary>Level of cache, counted from 0; 0 to 7.</summary>
    internal static int LevelOf(ulong operand) => (int)(operand >> 1) & 7;

    /// <summary>Whether the level has a cache that holds data.</summary>
    /// <param name="operand">The guest's.</param>
    /// <param name="levels">CLIDR_EL1.</param>
    internal static bool NamesDataCache(ulong operand, ulong levels) =>
        LevelOf(operand) < 7 && (levels >> (LevelOf(operand) * 3) & 7) >= FirstTypeWithData;

    /// <summary>Whether set and way lie in the cache.</summary>
    /// <param name="operand">The guest's.</param>
    /// <param name="geometry">CCSIDR_EL1 of that level's data or unified cache.</param>
    /// <param name="isWide">ID_AA64MMFR2_EL1.CCIDX: the wide format.</param>
    internal static bool IsInside(ulong operand, ulong geometry, bool isWide)
    {
        uint lastWay = (uint)(geometry >> 3) & (isWide ? 0x1f_ffffu : 0x3ff);
        uint lastSet = isWide ? (uint)(geometry >> 32) & 0xff_ffff : (uint)(geometry >> 13) & 0x7fff;
        int lineShift = (int)(geometry & 7) + 4;
        int wayBits = 32 - BitOperations.LeadingZeroCount(lastWay);
        ulong way = (uint)operand >> (32 - wayBits);
        if (wayBits == 0)
        {
            way = 0;
        }

        ulong set = ((uint)operand & (uint.MaxValue >> wayBits)) >> lineShift;
        return operand <= uint.MaxValue && way <= lastWay && set <= lastSet;
    }
}

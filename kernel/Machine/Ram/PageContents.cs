using System.Numerics;
using SharpVisor.Memory;

namespace SharpVisor.Machine.Ram;

/// <summary>What is in a page: compared, and boiled down to a number. Touches no SIMD register.</summary>
internal static unsafe class PageContents
{
    private const int Words = (int)PageTable.PageSize / sizeof(ulong);
    private const ulong Multiplier = 0x9e37_79b9_7f4a_7c15; // odd, of mixed bits: 2^64 divided by the golden ratio

    /// <summary>A number that is the same for equal pages, and seldom for others. Who means harm finds others: pages are compared before they become one.</summary>
    /// <param name="page">The page; what is in it may change meanwhile.</param>
    /// <param name="isZero">Whether it holds zeros only.</param>
    internal static uint Hash(ulong page, out bool isZero)
    {
        ulong* words = (ulong*)page;
        ulong even = 0;
        ulong odd = Multiplier;
        ulong any = 0;
        for (int i = 0; i < Words; i += 2)
        {
            ulong first = words[i];
            ulong second = words[i + 1];
            any |= first | second;
            even = BitOperations.RotateLeft((even ^ first) * Multiplier, 29);
            odd = BitOperations.RotateLeft((odd ^ second) * Multiplier, 31);
        }

        isZero = any == 0;
        ulong both = (even ^ BitOperations.RotateLeft(odd, 17)) * Multiplier;
        return (uint)(both >> 32);
    }

    /// <summary>Whether two pages hold the same.</summary>
    internal static bool AreEqual(ulong one, ulong other)
    {
        ulong* first = (ulong*)one;
        ulong* second = (ulong*)other;
        for (int i = 0; i < Words; i++)
        {
            if (first[i] != second[i])
            {
                return false;
            }
        }

        return true;
    }
}

using System.Collections.Generic;

namespace SharpVisor.Build.Symbols;

/// <summary>Byte-pair encoding: a byte that no text has stands for the pair of bytes that is the most frequent one, again and again.</summary>
internal static class BytePairs
{
    // What the two bytes of a pair cost.
    private const int FewestUses = 3;

    /// <summary>Replaces pairs in texts.</summary>
    /// <param name="texts">Of bytes below <paramref name="first"/>; shorter afterwards.</param>
    /// <param name="first">The first byte that may stand for a pair.</param>
    /// <param name="count">How many may.</param>
    /// <returns>The pairs, two bytes each, in order; as many as may be, zeros for those that are not needed.</returns>
    internal static byte[] Replace(List<List<byte>> texts, int first, int count)
    {
        byte[] pairs = new byte[2 * count];
        for (int i = 0; i < count; i++)
        {
            int[] uses = CountUses(texts);
            int best = 0;
            for (int pair = 0; pair < uses.Length; pair++)
            {
                best = uses[pair] > uses[best] ? pair : best;
            }

            if (uses[best] < FewestUses)
            {
                break;
            }

            (pairs[2 * i], pairs[(2 * i) + 1]) = ((byte)(best >> 8), (byte)best);
            foreach (List<byte> text in texts)
            {
                ReplaceIn(text, pairs[2 * i], pairs[(2 * i) + 1], (byte)(first + i));
            }
        }

        return pairs;
    }

    private static int[] CountUses(List<List<byte>> texts)
    {
        int[] uses = new int[1 << 16];
        foreach (List<byte> text in texts)
        {
            for (int i = 1; i < text.Count; i++)
            {
                uses[(text[i - 1] << 8) | text[i]]++;
            }
        }

        return uses;
    }

    private static void ReplaceIn(List<byte> text, byte left, byte right, byte symbol)
    {
        int length = 0;
        for (int i = 0; i < text.Count; i++)
        {
            bool isPair = i + 1 < text.Count && text[i] == left && text[i + 1] == right;
            text[length++] = isPair ? symbol : text[i];
            i += isPair ? 1 : 0;
        }

        text.RemoveRange(length, text.Count - length);
    }
}

using System;

namespace SharpVisor.Console;

/// <summary>The words that can stand at a place of a command line, and which of them is meant.</summary>
internal static class Candidates
{
    /// <summary>Longest word.</summary>
    internal const int LongestWord = 32;

    private const int NotFound = -1;

    /// <summary>A word of a kind.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="index">Its place, from 0.</param>
    /// <param name="control">Knows the VMs.</param>
    /// <param name="word">Receives it; <see cref="LongestWord"/> bytes.</param>
    /// <returns>Its length; -1 behind the last one.</returns>
    internal static int Get(ArgumentKind kind, int index, MachineControl control, Span<byte> word)
    {
        switch (kind)
        {
            case ArgumentKind.Command:
                return Copy(CommandText.Name((Command)index), word);
            case ArgumentKind.VmAction:
                return Copy(CommandText.Name((VmAction)index), word);
            case ArgumentKind.VmName:
                return index < control.VmCount && control.TryGetVm(index, out VmStatus vm) ? vm.Name.CopyTo(word) : NotFound;
            case ArgumentKind.Switch:
                return Copy(index == 0 ? "on"u8 : index == 1 ? "off"u8 : default, word);
            case ArgumentKind.LogLevel:
                return Copy(ControlText.Describe((LogLevel)index), word);
            default:
                return NotFound;
        }
    }

    /// <summary>What all words that begin with a text have in common.</summary>
    /// <param name="kind">Which words.</param>
    /// <param name="begin">How they begin.</param>
    /// <param name="control">Knows the VMs.</param>
    /// <param name="common">Receives it; <see cref="LongestWord"/> bytes.</param>
    /// <param name="length">Its length.</param>
    /// <returns>Number of such words.</returns>
    internal static int Complete(ArgumentKind kind, ReadOnlySpan<byte> begin, MachineControl control, Span<byte> common, out int length)
    {
        Span<byte> word = stackalloc byte[LongestWord];
        int count = 0;
        length = 0;
        for (int i = 0; ; i++)
        {
            int wordLength = Get(kind, i, control, word);
            if (wordLength < 0)
            {
                return count;
            }

            ReadOnlySpan<byte> candidate = word.Slice(0, wordLength);
            if (!candidate.StartsWith(begin))
            {
                continue;
            }

            if (count++ == 0)
            {
                candidate.CopyTo(common);
                length = wordLength;
            }

            int same = 0;
            while (same < length && same < wordLength && common[same] == candidate[same])
            {
                same++;
            }

            length = same;
        }
    }

    /// <summary>The word that a mistyped one is most like.</summary>
    /// <returns>Its length; 0 where none is like it.</returns>
    internal static int FindSimilar(ArgumentKind kind, ReadOnlySpan<byte> typed, MachineControl control, Span<byte> similar)
    {
        Span<byte> word = stackalloc byte[LongestWord];
        int best = typed.Length <= 3 ? 2 : 3; // not as far as this
        int length = 0;
        for (int i = 0; ; i++)
        {
            int wordLength = Get(kind, i, control, word);
            if (wordLength < 0)
            {
                return length;
            }

            ReadOnlySpan<byte> candidate = word.Slice(0, wordLength);
            int distance = typed.Length >= 2 && candidate.StartsWith(typed) ? 0 : Distance(typed, candidate);
            if (distance < best)
            {
                best = distance;
                length = wordLength;
                candidate.CopyTo(similar);
            }
        }
    }

    /// <summary>How many characters are missing, too many, wrong or swapped with their neighbour (Damerau-Levenshtein, restricted).</summary>
    internal static int Distance(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        if (left.Length > LongestWord || right.Length > LongestWord)
        {
            return LongestWord;
        }

        const int stride = LongestWord + 1;
        Span<byte> rows = stackalloc byte[3 * stride]; // this row, the one before, the one before that
        for (int i = 0; i <= left.Length; i++)
        {
            int now = i % 3 * stride;
            int before = (i + 2) % 3 * stride;
            int earlier = (i + 1) % 3 * stride;
            rows[now] = (byte)i;
            for (int j = 1; j <= right.Length; j++)
            {
                int distance = j;
                if (i != 0)
                {
                    int wrong = left[i - 1] == right[j - 1] ? 0 : 1;
                    distance = Math.Min(Math.Min(rows[now + j - 1], rows[before + j]) + 1, rows[before + j - 1] + wrong);
                    if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                    {
                        distance = Math.Min(distance, rows[earlier + j - 2] + 1);
                    }
                }

                rows[now + j] = (byte)distance;
            }
        }

        return rows[(left.Length % 3 * stride) + right.Length];
    }

    private static int Copy(ReadOnlySpan<byte> text, Span<byte> word)
    {
        text.CopyTo(word);
        return text.IsEmpty ? NotFound : text.Length;
    }
}

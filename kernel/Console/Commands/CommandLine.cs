using System;

namespace SharpVisor.Console;

/// <summary>A line taken apart into words. Quotes of either kind keep blanks in a word; a backslash keeps any character.</summary>
internal sealed class CommandLine
{
    /// <summary>Most words of a line.</summary>
    internal const int MostWords = 8;

    private readonly byte[] _text = new byte[LineEditor.Capacity];
    private readonly int[] _starts = new int[MostWords];
    private readonly int[] _lengths = new int[MostWords];

    /// <summary>Number of words.</summary>
    internal int Count { get; private set; }

    /// <summary>A word; empty behind the last one.</summary>
    internal ReadOnlySpan<byte> this[int index] =>
        index < Count ? new ReadOnlySpan<byte>(_text, _starts[index], _lengths[index]) : default;

    /// <summary>Takes a line apart.</summary>
    /// <returns>What is wrong with it; empty where nothing is.</returns>
    internal ReadOnlySpan<byte> Parse(ReadOnlySpan<byte> line)
    {
        Count = 0;
        int place = 0;
        int length = 0;
        while (true)
        {
            while (place < line.Length && line[place] is (byte)' ' or (byte)'\t')
            {
                place++;
            }

            if (place >= line.Length)
            {
                return default;
            }

            if (Count == MostWords || line.Length > _text.Length)
            {
                return "too many words"u8;
            }

            int start = length;
            byte quote = 0;
            for (; place < line.Length; place++)
            {
                byte value = line[place];
                if (value == '\\' && quote != '\'' && place + 1 < line.Length)
                {
                    _text[length++] = line[++place];
                }
                else if (value == quote)
                {
                    quote = 0;
                }
                else if (quote == 0 && value is (byte)'\'' or (byte)'"')
                {
                    quote = value;
                }
                else if (quote == 0 && value is (byte)' ' or (byte)'\t')
                {
                    break;
                }
                else
                {
                    _text[length++] = value;
                }
            }

            if (quote != 0)
            {
                return "a quotation mark is not closed"u8;
            }

            _starts[Count] = start;
            _lengths[Count++] = length - start;
        }
    }
}

using System;

namespace SharpVisor.Console;

/// <summary>The lines that were typed, the newest first. No line stands twice in a row.</summary>
internal sealed class History
{
    /// <summary>How many lines are kept.</summary>
    internal const int Capacity = 32;

    private readonly byte[] _text = new byte[Capacity * LineEditor.Capacity];
    private readonly int[] _lengths = new int[Capacity];
    private int _next;

    /// <summary>Number of lines kept.</summary>
    internal int Count { get; private set; }

    /// <summary>A line by its age: 0 for the newest, up to <see cref="Count"/> - 1.</summary>
    internal ReadOnlySpan<byte> this[int age]
    {
        get
        {
            int place = (_next - 1 - age + (2 * Capacity)) % Capacity;
            return new ReadOnlySpan<byte>(_text, place * LineEditor.Capacity, _lengths[place]);
        }
    }

    /// <summary>Keeps a line; blank ones and the newest once more are not kept.</summary>
    internal void Add(ReadOnlySpan<byte> line)
    {
        if (IsBlank(line) || line.Length > LineEditor.Capacity || (Count != 0 && this[0].SequenceEqual(line)))
        {
            return;
        }

        line.CopyTo(_text.AsSpan(_next * LineEditor.Capacity, LineEditor.Capacity));
        _lengths[_next] = line.Length;
        _next = (_next + 1) % Capacity;
        Count = Math.Min(Count + 1, Capacity);
    }

    /// <summary>Finds the newest line of at least an age that contains a text; -1 where there is none.</summary>
    internal int Find(ReadOnlySpan<byte> text, int age)
    {
        for (; age < Count; age++)
        {
            ReadOnlySpan<byte> line = this[age];
            for (int i = 0; i + text.Length <= line.Length; i++)
            {
                if (line.Slice(i).StartsWith(text))
                {
                    return age;
                }
            }
        }

        return -1;
    }

    private static bool IsBlank(ReadOnlySpan<byte> line)
    {
        for (int i = 0; i < line.Length; i++)
        {
            if (line[i] is not ((byte)' ' or (byte)'\t'))
            {
                return false;
            }
        }

        return true;
    }
}

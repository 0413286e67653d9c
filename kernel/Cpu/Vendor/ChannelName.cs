using System;

namespace SharpVisor.Cpu;

/// <summary>A VM's name as it comes in four registers: ASCII, byte 0 lowest, zeros behind it.</summary>
public readonly struct ChannelName
{
    private const int LongestName = 31;

    private readonly ulong _part0;
    private readonly ulong _part1;
    private readonly ulong _part2;
    private readonly ulong _part3;

    /// <summary>Takes it from registers.</summary>
    public ChannelName(ulong part0, ulong part1, ulong part2, ulong part3)
    {
        _part0 = part0;
        _part1 = part1;
        _part2 = part2;
        _part3 = part3;
    }

    /// <summary>Makes it of text; what is longer than 31 bytes is cut.</summary>
    public ChannelName(ReadOnlySpan<byte> text)
    {
        _part0 = Part(text, 0);
        _part1 = Part(text, 8);
        _part2 = Part(text, 16);
        _part3 = Part(text, 24);
    }

    /// <summary>Whether it is nobody's.</summary>
    public bool IsEmpty => _part0 == 0;

    /// <summary>Whether two are the same.</summary>
    public bool Is(in ChannelName other) =>
        _part0 == other._part0 && _part1 == other._part1 && _part2 == other._part2 && _part3 == other._part3;

    /// <summary>Eight bytes of text, as a register holds them; zeros where there are none.</summary>
    public static ulong Part(ReadOnlySpan<byte> text, int start)
    {
        ulong part = 0;
        for (int i = 0; i < 8 && start + i < text.Length && start + i < LongestName; i++)
        {
            part |= (ulong)text[start + i] << (i * 8);
        }

        return part;
    }
}

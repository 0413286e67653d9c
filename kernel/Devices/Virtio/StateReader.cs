using System;

namespace SharpVisor.Devices.Virtio;

/// <summary>Reads a device's state as words. What is missing reads as 0 and is found out at the end.</summary>
public ref struct StateReader
{
    private readonly ReadOnlySpan<ulong> _words;
    private int _next;

    /// <summary>Reads from the beginning of a span.</summary>
    public StateReader(ReadOnlySpan<ulong> words) => _words = words;

    /// <summary>Whether all words that were asked for were there.</summary>
    public readonly bool IsComplete => _next <= _words.Length;

    /// <summary>The next word.</summary>
    public ulong Take()
    {
        ulong word = _next < _words.Length ? _words[_next] : 0;
        _next++;
        return word;
    }
}

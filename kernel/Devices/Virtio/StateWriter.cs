using System;

namespace SharpVisor.Devices.Virtio;

/// <summary>Writes a device's state as words. Too little room is found out at the end.</summary>
public ref struct StateWriter
{
    private readonly Span<ulong> _words;

    /// <summary>Writes to the beginning of a span.</summary>
    public StateWriter(Span<ulong> words) => _words = words;

    /// <summary>Words so far, those for which there was no room too.</summary>
    public int Count { get; private set; }

    /// <summary>Whether all of them had room.</summary>
    public readonly bool IsComplete => Count <= _words.Length;

    /// <summary>The next word.</summary>
    public void Add(ulong word)
    {
        if (Count < _words.Length)
        {
            _words[Count] = word;
        }

        Count++;
    }
}

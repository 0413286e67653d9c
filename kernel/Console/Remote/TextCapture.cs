using System;
using SharpVisor.Debug;

namespace SharpVisor.Console;

/// <summary>Keeps text that was meant for a terminal, as much as there is room for, with plain line feeds.</summary>
internal sealed class TextCapture : LogSink
{
    private readonly byte[] _text = new byte[ControlFrame.LargestPayload];
    private int _length;

    /// <summary>What was written.</summary>
    internal ReadOnlySpan<byte> Text => new(_text, 0, _length);

    /// <summary>Forgets it.</summary>
    internal void Clear() => _length = 0;

    /// <inheritdoc/>
    public override void Write(byte value)
    {
        if (value != '\r' && _length < _text.Length)
        {
            _text[_length++] = value;
        }
    }
}

using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using SharpVisor.Debug;

namespace SharpVisor.Tests.Unit.Console;

/// <summary>A serial line with a simple terminal at its other end: text, backspace, carriage return, line feed, bell.</summary>
internal sealed class ScreenLine : SerialLine
{
    private readonly Queue<byte> _typed = new();
    private readonly List<List<Rune>> _rows = [[]];
    private readonly List<byte> _pending = [];
    private int _column;

    /// <summary>All that was sent.</summary>
    public StringBuilder Sent { get; } = new();

    /// <summary>How often the bell rang.</summary>
    public int Bells { get; private set; }

    /// <summary>Whether received bytes interrupt.</summary>
    public bool ReceiveInterrupt { get; private set; } = true;

    /// <summary>Bytes that were typed and not read.</summary>
    public int Waiting => _typed.Count;

    /// <summary>The widest column that was written to.</summary>
    public int Widest { get; private set; }

    public int Column => _column;

    /// <summary>The lines of the screen without blanks at their ends.</summary>
    public IReadOnlyList<string> Rows => _rows.Select(row => string.Concat(row).TrimEnd()).ToList();

    /// <summary>The last line.</summary>
    public string Current => Rows[^1];

    public string Screen => string.Join('\n', Rows);

    public void Type(string text)
    {
        foreach (byte value in Encoding.UTF8.GetBytes(text))
        {
            _typed.Enqueue(value);
        }
    }

    public override bool TryRead(out byte value) => _typed.TryDequeue(out value);

    public override void SetReceiveInterrupt(bool enabled) => ReceiveInterrupt = enabled;

    public override void Write(byte value)
    {
        Sent.Append((char)value);
        if (value is >= 0x20 and not 0x7f)
        {
            WriteText(value);
            return;
        }

        _pending.Clear();
        switch (value)
        {
            case 7:
                Bells++;
                break;
            case 8:
                _column = Math.Max(_column - 1, 0);
                break;
            case (byte)'\r':
                _column = 0;
                break;
            case (byte)'\n':
                _rows.Add([]);
                break;
        }
    }

    private void WriteText(byte value)
    {
        _pending.Add(value);
        if (Rune.DecodeFromUtf8(_pending.ToArray(), out Rune rune, out _) != System.Buffers.OperationStatus.Done)
        {
            return;
        }

        _pending.Clear();
        List<Rune> row = _rows[^1];
        while (row.Count <= _column)
        {
            row.Add(new Rune(' '));
        }

        row[_column++] = rune;
        Widest = Math.Max(Widest, _column);
    }
}

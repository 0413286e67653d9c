using System;
using System.Text;

namespace SharpVisor.Build.Running;

/// <summary>Remembers the last two lines of a byte stream that are not blank; long lines lose their beginning.</summary>
internal sealed class LastLine
{
    private const int Capacity = 512;

    private readonly StringBuilder _current = new();
    private string _previous = "";
    private string _beforePrevious = "";

    /// <summary>The last line that is not blank, finished or not.</summary>
    internal string Text => IsBlank(_current) ? _previous : _current.ToString();

    /// <summary>The line before it that is not blank.</summary>
    internal string Before => IsBlank(_current) ? _beforePrevious : _previous;

    /// <summary>Takes what came next.</summary>
    internal void Add(ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes)
        {
            if (value is (byte)'\n' or (byte)'\r')
            {
                if (!IsBlank(_current))
                {
                    _beforePrevious = _previous;
                    _previous = _current.ToString();
                }

                _current.Clear();
                continue;
            }

            if (_current.Length == Capacity)
            {
                _current.Remove(0, Capacity / 2);
            }

            _current.Append((char)value);
        }
    }

    private static bool IsBlank(StringBuilder text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != ' ')
            {
                return false;
            }
        }

        return true;
    }
}

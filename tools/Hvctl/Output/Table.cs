using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;

namespace SharpVisor.Hvctl.Output;

/// <summary>
/// A table as text: columns two spaces apart, numbers to the right, no lines. In a pipe it looks the same, without colour,
/// so that <c>awk</c> and people read it alike.
/// </summary>
internal sealed class Table
{
    private readonly List<string> _headings = [];
    private readonly List<bool> _isNumber = [];
    private readonly List<(string Text, Tone Tone)[]> _rows = [];

    /// <summary>Adds a column of words.</summary>
    internal Table Words(string heading) => Column(heading, isNumber: false);

    /// <summary>Adds a column of numbers.</summary>
    internal Table Numbers(string heading) => Column(heading, isNumber: true);

    /// <summary>Adds a row.</summary>
    internal void Row(params (string Text, Tone Tone)[] cells) => _rows.Add(cells);

    /// <summary>Adds a row without colours.</summary>
    internal void Row(params string[] cells) => _rows.Add(cells.Select(cell => (cell, Tone.Plain)).ToArray());

    /// <summary>Writes it.</summary>
    internal void Write(TextWriter output, bool hasColour)
    {
        int[] widths = _headings.Select((heading, column) => Math.Max(heading.Length, _rows.Select(row => row[column].Text.Length).DefaultIfEmpty().Max())).ToArray();
        WriteRow(output, _headings.Select(heading => (heading, Tone.Strong)).ToArray(), widths, hasColour);
        foreach ((string Text, Tone Tone)[] row in _rows)
        {
            WriteRow(output, row, widths, hasColour);
        }
    }

    private Table Column(string heading, bool isNumber)
    {
        _headings.Add(heading);
        _isNumber.Add(isNumber);
        return this;
    }

    private void WriteRow(TextWriter output, (string Text, Tone Tone)[] cells, int[] widths, bool hasColour)
    {
        StringBuilder line = new();
        int missing = 0;
        for (int i = 0; i < cells.Length; i++)
        {
            (string text, Tone tone) = cells[i];
            int pad = widths[i] - text.Length;
            line.Append(' ', missing + (_isNumber[i] ? pad : 0)).Append(Tones.Apply(tone, text, hasColour));
            missing = (_isNumber[i] ? 0 : pad) + 2;
        }

        output.WriteLine(line.ToString().TrimEnd());
    }
}

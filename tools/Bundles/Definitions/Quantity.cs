using System;
using System.Globalization;

namespace SharpVisor.Bundles.Definitions;

/// <summary>Sizes, durations and percentages as people write them.</summary>
internal static class Quantity
{
    /// <summary>Bytes in "512M", "1G", "64K" or "0"; null where the text is none of these.</summary>
    internal static ulong? Size(string text)
    {
        int shift = text.Length == 0 ? 0 : text[^1] switch { 'K' => 10, 'M' => 20, 'G' => 30, _ => 0 };
        bool isNumber = ulong.TryParse(shift == 0 ? text : text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out ulong number);
        return isNumber && number < 1 << 24 && (shift != 0 || number == 0) ? number << shift : null;
    }

    /// <summary>Microseconds in "2ms", "500us" or "1s"; null where the text is none of these.</summary>
    internal static ulong? Duration(string text)
    {
        bool micro = text.EndsWith("us", StringComparison.Ordinal);
        bool milli = text.EndsWith("ms", StringComparison.Ordinal);
        string unit = micro ? "us" : milli ? "ms" : "s";
        ulong factor = micro ? 1ul : milli ? 1000ul : 1_000_000ul;
        return text.EndsWith(unit, StringComparison.Ordinal)
            && uint.TryParse(text[..^unit.Length], NumberStyles.None, CultureInfo.InvariantCulture, out uint number)
            ? number * factor
            : null;
    }

    /// <summary>Thousandths in "25%", "150%" or "12.5%"; null where the text is none of these.</summary>
    internal static uint? Permille(string text)
    {
        const NumberStyles Style = NumberStyles.AllowDecimalPoint;
        return text.EndsWith('%')
            && decimal.TryParse(text[..^1], Style, CultureInfo.InvariantCulture, out decimal percent)
            && percent < 1_000_000 && decimal.IsInteger(percent * 10)
            ? (uint)(percent * 10)
            : null;
    }

    /// <summary>Bytes per second in "500Kbit", "100Mbit" or "1Gbit"; null where the text is none of these.</summary>
    internal static ulong? BytesPerSecond(string text)
    {
        const string Unit = "bit";
        ulong factor = text.Length > Unit.Length ? text[^(Unit.Length + 1)] switch { 'K' => 1000ul, 'M' => 1_000_000ul, 'G' => 1_000_000_000ul, _ => 0ul } : 0;
        return factor != 0 && text.EndsWith(Unit, StringComparison.Ordinal)
            && ulong.TryParse(text[..^(Unit.Length + 1)], NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) && number < 1 << 24
            ? number * factor / 8
            : null;
    }
}

using System;
using System.Globalization;

namespace SharpVisor.Hvctl.Output;

/// <summary>Sizes, times and shares as people read and type them.</summary>
internal static class Units
{
    private const ulong NanosecondsPerSecond = 1_000_000_000;
    private static readonly string[] s_sizes = ["B", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>A size, exact where it is a whole number of a unit: 64 MiB, 1.5 GiB.</summary>
    internal static string Size(ulong bytes)
    {
        double value = bytes;
        int unit = 0;
        while (value >= 1024 && unit < s_sizes.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        // What would be rounded up to 1024 of a unit is 1 of the next.
        if (value >= 1023.95 && unit < s_sizes.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        string format = value >= 100 || value == Math.Floor(value) ? "0" : "0.0";
        return $"{value.ToString(format, CultureInfo.InvariantCulture)} {s_sizes[unit]}";
    }

    /// <summary>A duration as hours, minutes and seconds: 0:03:25.</summary>
    internal static string Duration(ulong nanoseconds)
    {
        ulong seconds = nanoseconds / NanosecondsPerSecond;
        return string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600}:{seconds / 60 % 60:00}:{seconds % 60:00}");
    }

    /// <summary>A short time with three digits behind the point: 12.345 s.</summary>
    internal static string Seconds(ulong nanoseconds) =>
        string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / (double)NanosecondsPerSecond:0.000} s");

    /// <summary>Percent of a whole with one digit behind the point.</summary>
    internal static string Percent(double part) => part.ToString("0.0", CultureInfo.InvariantCulture);

    /// <summary>A number with commas.</summary>
    internal static string Count(ulong number) => number.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>A 64-bit number in hexadecimal.</summary>
    internal static string Hexadecimal(ulong number) => "0x" + number.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>Reads a size such as 64M, 1G, 65536K; a bare number counts MiB, as for <c>make run</c>.</summary>
    /// <returns>Bytes, or null where it is none.</returns>
    internal static ulong? ParseSize(string text)
    {
        string plain = text.Trim().ToUpperInvariant();
        plain = plain.EndsWith("IB", StringComparison.Ordinal) ? plain[..^2] : plain.EndsWith('B') ? plain[..^1] : plain;
        int shift = plain.Length == 0 ? 0 : plain[^1] switch { 'K' => 10, 'M' => 20, 'G' => 30, 'T' => 40, _ => 0 };
        string digits = (shift == 0 ? plain : plain[..^1]).TrimEnd();
        bool isNumber = ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number);
        int bits = shift == 0 ? 20 : shift;
        return isNumber && number > 0 && number <= ulong.MaxValue >> bits ? number << bits : null;
    }
}

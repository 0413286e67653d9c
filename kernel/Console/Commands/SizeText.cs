using System;

namespace SharpVisor.Console;

/// <summary>Sizes as a person types them.</summary>
internal static class SizeText
{
    /// <summary>Reads a number of bytes with K, M, G or nothing behind it: powers of 1024.</summary>
    /// <returns>False where it is none, or not below 2^64.</returns>
    internal static bool TryParse(ReadOnlySpan<byte> text, out ulong bytes)
    {
        bytes = 0;
        int shift = text.IsEmpty ? 0 : (text[text.Length - 1] | 0x20) switch
        {
            'k' => 10,
            'm' => 20,
            'g' => 30,
            _ => 0,
        };
        ReadOnlySpan<byte> digits = shift == 0 ? text : text.Slice(0, text.Length - 1);
        for (int i = 0; i < digits.Length; i++)
        {
            uint digit = (uint)digits[i] - '0';
            if (digit > 9 || bytes > (ulong.MaxValue - digit) / 10)
            {
                return false;
            }

            bytes = (bytes * 10) + digit;
        }

        if (digits.IsEmpty || bytes > ulong.MaxValue >> shift)
        {
            return false;
        }

        bytes <<= shift;
        return true;
    }
}

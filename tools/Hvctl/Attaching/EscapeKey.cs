using System;
using System.Globalization;

namespace SharpVisor.Hvctl.Attaching;

/// <summary>Control keys as people write them: Ctrl-], ^A, C-x.</summary>
internal static class EscapeKey
{
    private const string Punctuation = "@[\\]^_";

    /// <summary>Reads a key.</summary>
    /// <returns>Its byte, 0x01 to 0x1f; null where it is none.</returns>
    internal static byte? Parse(string text)
    {
        string key = text.ToUpperInvariant();
        foreach (string prefix in (ReadOnlySpan<string>)["CTRL-", "CTRL+", "C-", "^"])
        {
            if (key.StartsWith(prefix, StringComparison.Ordinal) && key.Length == prefix.Length + 1)
            {
                char last = key[^1];
                bool isKey = char.IsAsciiLetterUpper(last) || Punctuation.Contains(last);
                return isKey && (last & 0x1f) != 0 ? (byte)(last & 0x1f) : null;
            }
        }

        return null;
    }

    /// <summary>A key in words.</summary>
    internal static string Describe(byte key) => string.Create(CultureInfo.InvariantCulture, $"Ctrl-{(char)(key + 0x40)}");
}

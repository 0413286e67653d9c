using System;
using System.Collections.Generic;
using System.Text;

namespace SharpVisor.Build.Running;

/// <summary>Commands printed so that a person can copy them into a POSIX shell.</summary>
internal static class ShellWords
{
    private const string SafePunctuation = "-_./=,:+@%^";

    /// <summary>A command that a shell reads back as these words.</summary>
    internal static string Join(IEnumerable<string> words)
    {
        StringBuilder text = new();
        foreach (string word in words)
        {
            text.Append(text.Length == 0 ? "" : " ").Append(Quote(word));
        }

        return text.ToString();
    }

    private static string Quote(string word)
    {
        bool isSafe = word.Length != 0;
        foreach (char c in word)
        {
            isSafe &= char.IsAsciiLetterOrDigit(c) || SafePunctuation.Contains(c, StringComparison.Ordinal);
        }

        return isSafe ? word : "'" + word.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
    }
}

using System;
using System.Globalization;

namespace SharpVisor.Build.Running;

/// <summary>
/// The hypervisor's last words: <c>sharpvisor: machine stopped, exit code N</c>. A guest can print the same, so the
/// line counts only where it is the last one before the machine ends.
/// </summary>
internal static class ClosingLine
{
    private const string Text = "sharpvisor: machine stopped, exit code ";
    private const string LeftOnText = "sharpvisor: firmware cannot switch the machine off";

    /// <summary>Takes the exit code out of a console's last line.</summary>
    /// <param name="lastLine">The last line that is not blank.</param>
    /// <param name="exitCode">0 where every VM powered off, 1 where one crashed, 2 where the hypervisor did.</param>
    /// <returns>False where it is another line.</returns>
    internal static bool TryParse(string lastLine, out int exitCode)
    {
        exitCode = 0;
        int start = lastLine.IndexOf(Text, StringComparison.Ordinal);
        return start >= 0 && int.TryParse(lastLine.AsSpan(start + Text.Length).TrimEnd(), NumberStyles.None, CultureInfo.InvariantCulture, out exitCode);
    }

    /// <summary>Whether the hypervisor has ended but the machine goes on, because its firmware cannot switch it off.</summary>
    /// <param name="before">The last but one line that is not blank: the closing line.</param>
    /// <param name="lastLine">The last line that is not blank.</param>
    internal static bool IsLeftOn(string before, string lastLine) =>
        TryParse(before, out _) && lastLine.Contains(LeftOnText, StringComparison.Ordinal);
}

using System.Collections.Generic;
using System.Text;

namespace SharpVisor.Build;

/// <summary>
/// What make says of its own command line. It exports the variables set there, but among the rest of the
/// environment; only MAKEFLAGS tells which they were, so that a misspelt one can be named.
/// </summary>
internal static class MakeFlags
{
    /// <summary>The names of NAME=VALUE words: those after <c>--</c>, with a backslash before each special character.</summary>
    internal static IEnumerable<string> VariableNames(string makeFlags)
    {
        bool afterDashes = false;
        foreach (string word in Words(makeFlags))
        {
            int equals = word.IndexOf('=');
            if (afterDashes && equals > 0)
            {
                yield return word[..equals].TrimEnd(':', '+', '?');
            }

            afterDashes |= word == "--";
        }
    }

    private static IEnumerable<string> Words(string text)
    {
        StringBuilder word = new();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length)
            {
                word.Append(text[++i]);
            }
            else if (text[i] != ' ')
            {
                word.Append(text[i]);
            }
            else
            {
                yield return word.ToString();
                word.Clear();
            }
        }

        yield return word.ToString();
    }
}

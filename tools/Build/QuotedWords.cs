using System.Collections.Generic;
using System.Text;

namespace SharpVisor.Build;

/// <summary>Several words in the value of one variable, QEMU_ARGS for instance.</summary>
internal static class QuotedWords
{
    /// <summary>Splits text at white space; quotes of either kind hold a word together.</summary>
    /// <exception cref="BuildException">A quote is not closed.</exception>
    internal static IReadOnlyList<string> Split(string text)
    {
        List<string> words = [];
        StringBuilder word = new();
        bool inWord = false;
        char quote = '\0';
        foreach (char c in text)
        {
            if (quote != '\0' ? c == quote : c is '"' or '\'')
            {
                quote = quote != '\0' ? '\0' : c;
                inWord = true;
            }
            else if (quote != '\0' || !char.IsWhiteSpace(c))
            {
                word.Append(c);
                inWord = true;
            }
            else if (inWord)
            {
                words.Add(word.ToString());
                word.Clear();
                inWord = false;
            }
        }

        if (quote != '\0')
        {
            throw new BuildException($"A quote is not closed in: {text}", BuildException.WrongUsage);
        }

        if (inWord)
        {
            words.Add(word.ToString());
        }

        return words;
    }
}

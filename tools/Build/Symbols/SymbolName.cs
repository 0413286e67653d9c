using System;
using System.Text;
using System.Text.RegularExpressions;

namespace SharpVisor.Build.Symbols;

/// <summary>
/// Readable names: <c>sharpvisor_SharpVisor_Cpu_Trap__DataAbort</c> is <c>SharpVisor.Cpu.Trap.DataAbort</c>. ilc
/// replaces whatever is no letter or digit by an underscore, so this is a guess that is right as long as our own
/// names hold none.
/// </summary>
internal static partial class SymbolName
{
    /// <param name="symbol">As it stands in the object.</param>
    /// <param name="assembly">The assembly's name, with which ilc begins the names of our types.</param>
    internal static string Demangle(string symbol, string assembly)
    {
        string prefix = assembly + "_";
        if (!symbol.StartsWith(prefix, StringComparison.Ordinal))
        {
            return symbol;
        }

        string name = symbol[prefix.Length..];
        int separator = FindSeparator(name);
        if (separator < 0)
        {
            return TypeName(name, prefix);
        }

        string method = OverloadNumber().Replace(name[(separator + 2)..], string.Empty).TrimStart('_');
        return TypeName(name[..separator], prefix) + "." + TypeArguments(method, prefix);
    }

    /// <summary>Where a type's name ends: two underscores outside of type arguments.</summary>
    private static int FindSeparator(string name)
    {
        int depth = 0;
        for (int i = 1; i + 2 < name.Length; i++)
        {
            depth += name[i] switch { '<' => 1, '>' => -1, _ => 0 };
            if (depth == 0 && name[i] == '_' && name[i + 1] == '_')
            {
                return i;
            }
        }

        return -1;
    }

    private static string TypeName(string name, string prefix) => TypeArguments(Arity().Replace(name, "<"), prefix).Trim('_').Replace('_', '.');

    /// <summary>Type arguments without the assembly and the namespace: <c>&lt;sharpvisor_SharpVisor_Cpu_VCpu&gt;</c> is <c>&lt;VCpu&gt;</c>.</summary>
    private static string TypeArguments(string name, string prefix)
    {
        int open = name.IndexOf('<', StringComparison.Ordinal);
        if (open < 0)
        {
            return name;
        }

        StringBuilder result = new(name[..open]);
        StringBuilder word = new();
        foreach (char c in name[open..])
        {
            if (c is '<' or '>' or ',')
            {
                string text = word.ToString();
                result.Append(text.StartsWith(prefix, StringComparison.Ordinal) ? text[(text.LastIndexOf('_') + 1)..] : text).Append(c);
                word.Clear();
            }
            else
            {
                word.Append(c);
            }
        }

        return result.Append(word).ToString();
    }

    [GeneratedRegex("_[0-9]+$")]
    private static partial Regex OverloadNumber();

    [GeneratedRegex("_[0-9]+<")]
    private static partial Regex Arity();
}

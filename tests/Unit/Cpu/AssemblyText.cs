using System;
using System.Collections.Generic;
using System.Globalization;

namespace SharpVisor.Tests.Unit.Cpu;

/// <summary>A load or store as an assembler writes it, read by its words: knows mnemonics and operands, no encodings.</summary>
internal sealed class AssemblyText
{
    private static readonly Dictionary<string, (int Size, bool Signed)> s_suffixes = new()
    {
        [""] = (0, false), ["b"] = (1, false), ["h"] = (2, false), ["sb"] = (1, true), ["sh"] = (2, true), ["sw"] = (4, true),
    };

    private static readonly string[] s_ordered = ["ldapur", "stlur", "ldapr", "ldlar", "stllr", "ldar", "stlr"];
    private static readonly string[] s_unprivileged = ["ldtr", "sttr"];
    private static readonly string[] s_plain = ["ldur", "stur", "ldr", "str"];
    private static readonly string[] s_pairs = ["ldpsw", "ldnp", "stnp", "ldp", "stp"];

    private AssemblyText(string text)
    {
        int space = text.IndexOf(' ');
        Mnemonic = space < 0 ? text : text[..space];
        ReadMnemonic();
        if (IsTransfer)
        {
            ReadOperands(text[(space + 1)..]);
        }
    }

    public string Mnemonic { get; }

    public bool IsTransfer { get; private set; }

    public bool IsPrefetch => Mnemonic is "prfm" or "prfum";

    public bool IsLoad => Mnemonic.StartsWith("ld", StringComparison.Ordinal);

    public bool IsOrdered { get; private set; }

    public bool IsUnprivileged { get; private set; }

    public bool IsSigned { get; private set; }

    public bool IsSimd { get; private set; }

    public bool Is64 { get; private set; }

    public int Count { get; private set; } = 1;

    public int Size { get; private set; }

    public List<int> Registers { get; } = [];

    public string Base { get; private set; } = "";

    public string Index { get; private set; } = "";

    public string Extend { get; private set; } = "";

    public int Shift { get; private set; }

    public long Offset { get; private set; }

    public bool IsPreIndex { get; private set; }

    public bool IsPostIndex { get; private set; }

    public static AssemblyText Parse(string text) => new(text);

    private void ReadMnemonic()
    {
        foreach (string pair in s_pairs)
        {
            if (Mnemonic == pair)
            {
                IsTransfer = true;
                Count = 2;
                Size = pair == "ldpsw" ? 4 : 0;
                IsSigned = pair == "ldpsw";
                return;
            }
        }

        foreach (string[] family in new[] { s_ordered, s_unprivileged, s_plain })
        {
            foreach (string stem in family)
            {
                if (Mnemonic.StartsWith(stem, StringComparison.Ordinal) && s_suffixes.TryGetValue(Mnemonic[stem.Length..], out var suffix))
                {
                    IsTransfer = true;
                    (Size, IsSigned) = suffix;
                    IsOrdered = family == s_ordered;
                    IsUnprivileged = family == s_unprivileged;
                    return;
                }
            }
        }
    }

    private void ReadOperands(string operands)
    {
        int bracket = operands.IndexOf('[');
        string registers = bracket < 0 ? operands[..operands.LastIndexOf(',')] : operands[..bracket];
        foreach (string name in registers.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            Registers.Add(NumberOf(name));
            IsSimd = "bhsdq".Contains(name[0]) && name != "sp";
            Is64 = name[0] == 'x';
            if (Size == 0)
            {
                Size = name[0] switch { 'b' => 1, 'h' => 2, 's' or 'w' => 4, 'd' or 'x' => 8, _ => 16 };
            }
        }

        if (bracket < 0)
        {
            Base = "pc";
            Offset = Immediate(operands[(operands.LastIndexOf(',') + 1)..]);
            return;
        }

        int end = operands.IndexOf(']');
        string[] inside = operands[(bracket + 1)..end].Split(',', StringSplitOptions.TrimEntries);
        string after = operands[(end + 1)..].Trim();
        Base = inside[0];
        IsPreIndex = after == "!";
        IsPostIndex = after.StartsWith(',');
        if (IsPostIndex)
        {
            Offset = Immediate(after[1..]);
        }
        else if (inside.Length > 1 && inside[1].StartsWith('#'))
        {
            Offset = Immediate(inside[1]);
        }
        else if (inside.Length > 1)
        {
            Index = inside[1];
            string[] extend = inside.Length > 2 ? inside[2].Split(' ') : ["lsl"];
            Extend = extend[0];
            Shift = extend.Length > 1 ? (int)Immediate(extend[1]) : 0;
        }
    }

    public static int NumberOf(string name) => name is "xzr" or "wzr" or "sp" ? 31 : int.Parse(name.AsSpan(1), CultureInfo.InvariantCulture);

    private static long Immediate(string text) => long.Parse(text.Trim().TrimStart('#'), CultureInfo.InvariantCulture);
}

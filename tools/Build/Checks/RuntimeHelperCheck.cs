using System;
using System.Collections.Generic;
using System.Linq;
using SharpVisor.Build.Elf;
using SharpVisor.Build.Symbols;

namespace SharpVisor.Build.Checks;

/// <summary>
/// Compiled C# asks only for those pieces of a runtime that we have thought about, and for nothing that is not
/// there.
/// </summary>
internal static class RuntimeHelperCheck
{
    /// <summary>
    /// What ilc's code may ask for. boot/compiler.S and kernel/Runtime have it; a new name here wants its contract
    /// written down there.
    /// </summary>
    internal static readonly IReadOnlySet<string> Allowed = new HashSet<string>
    {
        // Allocation (kernel/Runtime/Heap.cs).
        "RhpNewFast", "RhpNewArrayFast", "RhpNewPtrArrayFast",

        // Write barriers (boot/compiler.S).
        "RhpAssignRefArm64", "RhpCheckedAssignRefArm64", "RhpByRefAssignRefArm64",

        // Entry of the wrapper around Main, which nobody calls.
        "RhpReversePInvoke", "RhpReversePInvokeReturn",

        // throw, and a stack whose guard word was overwritten.
        "RhpThrowEx", "RhpFallbackFailFast", "__security_cookie",
    };

    private static readonly string[] s_runtimePrefixes = ["Rhp", "Rh", "__"];

    /// <summary>One line for each symbol at fault. Empty: all is well.</summary>
    /// <param name="references">What the object refers to and does not hold, and where from.</param>
    /// <param name="defined">The symbols that assembly and linker script define.</param>
    internal static IReadOnlyList<string> Run(IReadOnlyList<(string Symbol, string User)> references, IReadOnlySet<string> defined)
    {
        List<string> errors = [];
        foreach ((string symbol, string user) in references)
        {
            if (IsRuntimeName(symbol) && !Allowed.Contains(symbol))
            {
                errors.Add($"runtime: {user} asks for {symbol}, which is not on the list in tools/Build/Checks/RuntimeHelperCheck.cs.");
            }
            else if (!defined.Contains(symbol))
            {
                errors.Add($"runtime: {user} asks for {symbol}, which nothing defines.");
            }
        }

        return errors;
    }

    /// <summary>Each symbol that the object does not define, with the first function that refers to it.</summary>
    /// <param name="elf">What ilc made.</param>
    /// <param name="assembly">The name with which mangled names begin.</param>
    internal static IReadOnlyList<(string Symbol, string User)> References(ElfFile elf, string assembly)
    {
        Dictionary<string, string> users = [];
        for (int index = 0; index < elf.Sections.Count; index++)
        {
            if (!elf.Sections[index].IsInMemory)
            {
                continue;
            }

            List<ElfSymbol> functions = elf.Symbols.Where(symbol => symbol.Section == index && symbol.Type == ElfSymbol.TypeFunction).ToList();
            foreach (ElfRelocation relocation in elf.RelocationsOf(index).Where(relocation => !relocation.Symbol.IsDefined))
            {
                ElfSymbol? function = functions.FirstOrDefault(symbol => relocation.Offset >= symbol.Value && relocation.Offset < symbol.Value + symbol.Size);
                string user = function is null ? "section " + elf.Sections[index].Name : SymbolName.Demangle(function.Name, assembly);
                users.TryAdd(relocation.Symbol.Name, user);
            }
        }

        return users.Select(pair => (pair.Key, pair.Value)).OrderBy(pair => pair.Key, StringComparer.Ordinal).ToList();
    }

    private static bool IsRuntimeName(string symbol) =>
        s_runtimePrefixes.Any(prefix => symbol.StartsWith(prefix, StringComparison.Ordinal) && symbol.Length > prefix.Length && (prefix == "__" || char.IsUpper(symbol[2]) || symbol[2] == 'p'));
}

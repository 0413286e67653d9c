namespace SharpVisor.Build.Elf;

/// <summary>One entry of a symbol table.</summary>
/// <param name="Name">As the compiler mangled it.</param>
/// <param name="Value">Address, or in an object the offset in its section.</param>
/// <param name="Size">Bytes; 0 for a label in assembly.</param>
/// <param name="Type">0 none, 1 object, 2 function, 3 section, 4 file.</param>
/// <param name="IsGlobal">Known to other objects.</param>
/// <param name="Section">Index of its section; 0 when it is undefined.</param>
internal sealed record ElfSymbol(string Name, ulong Value, ulong Size, int Type, bool IsGlobal, int Section)
{
    internal const int TypeFunction = 2;
    internal const int TypeSection = 3;

    internal bool IsDefined => Section != 0;
}

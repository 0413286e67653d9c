namespace SharpVisor.Build.Elf;

/// <summary>One section of an ELF file.</summary>
/// <param name="Name">For instance <c>.text</c>.</param>
/// <param name="Type">ELF specification, sh_type: 1 bytes, 2 symbols, 4 relocations with addends, 8 no bytes in the file.</param>
/// <param name="Flags">sh_flags: 1 written, 2 in memory, 4 executed.</param>
/// <param name="Address">Where it is linked; 0 in an object.</param>
/// <param name="Link">Index of the section it refers to: a symbol table's names.</param>
/// <param name="Info">Index of the section that relocations are for.</param>
/// <param name="Data">Its bytes; empty when they are not in the file.</param>
/// <param name="Size">Bytes in memory.</param>
internal sealed record ElfSection(string Name, uint Type, ulong Flags, ulong Address, int Link, int Info, byte[] Data, ulong Size)
{
    internal const uint TypeSymbols = 2;
    internal const uint TypeRelocations = 4;

    internal bool IsExecutable => (Flags & 4) != 0;

    internal bool IsInMemory => (Flags & 2) != 0;
}

namespace SharpVisor.Build.Elf;

/// <summary>A place that waits for a symbol's address.</summary>
/// <param name="Offset">In the section that is relocated.</param>
/// <param name="Symbol">What is referred to.</param>
/// <param name="Addend">Added to the symbol's address.</param>
internal sealed record ElfRelocation(ulong Offset, ElfSymbol Symbol, long Addend);

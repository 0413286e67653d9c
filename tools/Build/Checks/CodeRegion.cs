using System.Collections.Generic;

namespace SharpVisor.Build.Checks;

/// <summary>A function, or the code from one label in assembly to the next.</summary>
/// <param name="Name">As people read it.</param>
/// <param name="Symbols">All its names in the image: an exported method has two.</param>
/// <param name="Address">Of its first instruction.</param>
/// <param name="Size">Bytes.</param>
/// <param name="IsLabel">Assembly: it may run on into what follows.</param>
/// <param name="Instructions">In order, without data between them.</param>
internal sealed record CodeRegion(
    string Name,
    IReadOnlyList<string> Symbols,
    ulong Address,
    ulong Size,
    bool IsLabel,
    IReadOnlyList<Instruction> Instructions)
{
    internal bool Contains(ulong address) => address >= Address && address < Address + Size;
}

namespace SharpVisor.Build.Elf;

/// <summary>A range of memory that a loader fills.</summary>
/// <param name="Address">Where.</param>
/// <param name="Data">What; memory may go on behind it with zeros.</param>
internal sealed record ElfSegment(ulong Address, byte[] Data);

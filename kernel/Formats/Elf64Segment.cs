namespace SharpVisor.Formats;

/// <summary>A PT_LOAD program header.</summary>
public readonly struct Elf64Segment
{
    internal Elf64Segment(ulong offset, ulong virtualAddress, ulong physicalAddress, ulong fileSize, ulong memorySize)
    {
        Offset = offset;
        VirtualAddress = virtualAddress;
        PhysicalAddress = physicalAddress;
        FileSize = fileSize;
        MemorySize = memorySize;
    }

    /// <summary>p_offset, in bytes.</summary>
    public ulong Offset { get; }

    /// <summary>p_vaddr.</summary>
    public ulong VirtualAddress { get; }

    /// <summary>p_paddr.</summary>
    public ulong PhysicalAddress { get; }

    /// <summary>p_filesz, in bytes.</summary>
    public ulong FileSize { get; }

    /// <summary>p_memsz, in bytes; what the file does not fill is zero.</summary>
    public ulong MemorySize { get; }
}

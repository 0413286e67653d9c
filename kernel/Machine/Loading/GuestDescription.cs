using System;

namespace SharpVisor.Machine.Loading;

/// <summary>What the device tree of a VM is to say. The spans must hold until it is written.</summary>
public ref struct GuestDescription
{
    /// <summary>MPIDR_EL1 affinity fields of each VCpu (bits 39:32 and 23:0), in the order of VCpus.</summary>
    public ReadOnlySpan<ulong> Affinities;

    /// <summary>MIDR_EL1 that the VCpus show; names the cores.</summary>
    public ulong ProcessorId;

    /// <summary>2 or 3.</summary>
    public int GicVersion;

    /// <summary>/chosen bootargs; empty where there are none.</summary>
    public ReadOnlySpan<byte> CommandLine;

    /// <summary>Random bytes for the kernel's generator; empty for none.</summary>
    public ReadOnlySpan<byte> RandomSeed;

    /// <summary>A random number for the kernel's address layout; 0 for none.</summary>
    public ulong LayoutSeed;

    /// <summary>The virtio-mmio slots that have a device, a bit each; the others are not named.</summary>
    public uint VirtioSlots;

    /// <summary>First byte of memory. The loader fills it in.</summary>
    public ulong RamStart;

    /// <summary>Bytes of memory. The loader fills it in.</summary>
    public ulong RamSize;

    /// <summary>First byte of the initial ramdisk. The loader fills it in.</summary>
    public ulong RamdiskStart;

    /// <summary>Behind the last byte of the initial ramdisk; the same as its start where there is none. The loader fills it in.</summary>
    public ulong RamdiskEnd;
}

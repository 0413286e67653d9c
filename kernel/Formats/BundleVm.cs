using System;

namespace SharpVisor.Formats;

/// <summary>A virtual machine as a boot bundle defines it; spans point into the bundle.</summary>
public ref struct BundleVm
{
    /// <summary>Name of its node.</summary>
    public ReadOnlySpan<byte> Name;

    /// <summary>The kernel: arm64 Image (plain or gzip), ELF64 or flat binary.</summary>
    public ReadOnlySpan<byte> Kernel;

    /// <summary>The initial ramdisk; empty where there is none.</summary>
    public ReadOnlySpan<byte> Ramdisk;

    /// <summary>/chosen bootargs.</summary>
    public ReadOnlySpan<byte> CommandLine;

    /// <summary>RAM in bytes.</summary>
    public ulong Memory;

    /// <summary>Number of VCpus.</summary>
    public uint VCpus;

    /// <summary>2 or 3; 0 for the machine's own.</summary>
    public uint GicVersion;
}

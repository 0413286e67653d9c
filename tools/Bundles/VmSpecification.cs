using System.Collections.Generic;
using SharpVisor.Formats;

namespace SharpVisor.Bundles;

/// <summary>A virtual machine for a bundle; <see cref="BundleVm"/> is what the hypervisor makes of it.</summary>
public sealed record VmSpecification
{
    /// <summary>1 to 31 of a-z, 0-9 and '-', different from all others in the bundle.</summary>
    public required string Name { get; init; }

    /// <summary>arm64 Image (plain or gzip), ELF64 or flat binary.</summary>
    public required BundleImage Kernel { get; init; }

    /// <summary>The initial ramdisk, or null.</summary>
    public BundleImage? Ramdisk { get; init; }

    /// <summary>The kernel's command line.</summary>
    public string CommandLine { get; init; } = "";

    /// <summary>RAM in bytes.</summary>
    public required ulong Memory { get; init; }

    /// <summary>Bytes of RAM that it has whatever others need; null: all of it.</summary>
    public ulong? MemoryGuarantee { get; init; }

    /// <summary>Number of VCpus.</summary>
    public uint VCpus { get; init; } = 1;

    /// <summary>2 or 3; 0 for the machine's own.</summary>
    public uint GicVersion { get; init; }

    /// <summary>Whether it starts when the machine does.</summary>
    public bool Autostart { get; init; } = true;

    /// <summary>Whether pages of its memory that are the same as another VM's may be one.</summary>
    public bool SharePages { get; init; }

    /// <summary>Its disks.</summary>
    public IReadOnlyList<DiskSpecification> Disks { get; init; } = [];

    /// <summary>Its network devices.</summary>
    public IReadOnlyList<NetworkSpecification> Networks { get; init; } = [];

    /// <summary>What is done when it crashes.</summary>
    public BundleCrashPolicy OnCrash { get; init; }

    /// <inheritdoc cref="BundleVm.OnDebuggerLost"/>
    public BundleDebuggerPolicy OnDebuggerLost { get; init; }

    /// <summary>Its share of the processors.</summary>
    public BundleScheduling Scheduling { get; init; } = new();
}

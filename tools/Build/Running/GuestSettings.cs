namespace SharpVisor.Build.Running;

/// <summary>The virtual machine that the boot bundle defines.</summary>
internal sealed record GuestSettings
{
    /// <summary>File with the kernel, as the hypervisor's loaders take it (GUEST=).</summary>
    internal required string Kernel { get; init; }

    /// <summary>File with the initial ramdisk, or null (INITRD=).</summary>
    internal string? Ramdisk { get; init; }

    /// <summary>The kernel's command line (CMDLINE=).</summary>
    internal string CommandLine { get; init; } = "";

    /// <summary>Number of VCpus (VCPUS=).</summary>
    internal int VCpus { get; init; } = 1;

    /// <summary>RAM in bytes (MEMORY=).</summary>
    internal long Memory { get; init; } = 512L << 20;

    /// <summary>Version of the virtual interrupt controller; 0 takes the machine's (GUEST_GIC=).</summary>
    internal int GicVersion { get; init; }
}

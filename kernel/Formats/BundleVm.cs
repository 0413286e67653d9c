using System;

namespace SharpVisor.Formats;

/// <summary>A virtual machine as a boot bundle defines it; spans point into the bundle.</summary>
public ref struct BundleVm
{
    /// <summary>Longest name.</summary>
    public const int MaximumNameLength = 31;

    /// <summary>Most VCpus that a VM can have; VirtualGic sets the limit.</summary>
    public const uint MaximumVCpus = 8;

    /// <summary>What a VM is that names nothing.</summary>
    public BundleVm()
    {
        Autostart = true;
        Scheduling = new BundleScheduling();
    }

    /// <summary>Name of its node: 1 to 31 of a-z, 0-9 and '-'.</summary>
    public ReadOnlySpan<byte> Name;

    /// <summary>The kernel: arm64 Image (plain or gzip), ELF64 or flat binary.</summary>
    public ReadOnlySpan<byte> Kernel;

    /// <summary>The initial ramdisk; empty where there is none.</summary>
    public ReadOnlySpan<byte> Ramdisk;

    /// <summary>/chosen bootargs.</summary>
    public ReadOnlySpan<byte> CommandLine;

    /// <summary>RAM in bytes.</summary>
    public ulong Memory;

    /// <summary>Bytes of RAM that it has whatever others need; at most <see cref="Memory"/>.</summary>
    public ulong MemoryGuarantee;

    /// <summary>Number of VCpus.</summary>
    public uint VCpus;

    /// <summary>2 or 3; 0 for the machine's own.</summary>
    public uint GicVersion;

    /// <summary>Whether it starts when the machine does.</summary>
    public bool Autostart;

    /// <summary>Whether pages of its memory that are the same as another VM's may be one.</summary>
    public bool SharePages;

    /// <summary>Its network devices, as <see cref="BundleNetwork"/> reads them; all make sense.</summary>
    public ReadOnlySpan<byte> Networks;

    /// <summary>What is done when it crashes.</summary>
    public BundleCrashPolicy OnCrash;

    /// <summary>What is done when its debugger has gone without a word.</summary>
    public BundleDebuggerPolicy OnDebuggerLost;

    /// <summary>Its share of the processors.</summary>
    public BundleScheduling Scheduling;

    /// <summary>Number of disks.</summary>
    public int DiskCount { readonly get; internal set; }

    /// <summary>Where it stands.</summary>
    internal Bundle Bundle;

    /// <summary>Its node there.</summary>
    internal FdtNode Node;

    /// <summary>Reads a disk.</summary>
    /// <param name="index">0 to <see cref="DiskCount"/> - 1.</param>
    public readonly BundleDisk GetDisk(int index)
    {
        Bundle.TryGetDisk(Node, index, out BundleDisk disk, out _);
        return disk;
    }

    /// <summary>Whether a name can be a VM's.</summary>
    public static bool IsName(ReadOnlySpan<byte> name)
    {
        for (int i = 0; i < name.Length; i++)
        {
            if (name[i] is not ((>= (byte)'a' and <= (byte)'z') or (>= (byte)'0' and <= (byte)'9') or (byte)'-'))
            {
                return false;
            }
        }

        return name.Length is >= 1 and <= MaximumNameLength;
    }
}

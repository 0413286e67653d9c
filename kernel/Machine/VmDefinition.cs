using System;
using SharpVisor.Formats;

namespace SharpVisor.Machine;

/// <summary>What a VM is made from, at any time and any number of times. Images stay where the bundle is.</summary>
internal sealed unsafe class VmDefinition
{
    private readonly byte* _kernel;
    private readonly int _kernelLength;
    private readonly byte* _ramdisk;
    private readonly int _ramdiskLength;
    private readonly byte* _commandLine;
    private readonly int _commandLineLength;
    private readonly byte* _networks;
    private readonly int _networksLength;

    internal VmDefinition(in BundleVm source)
    {
        Name = new byte[source.Name.Length];
        source.Name.CopyTo(Name);
        Memory = source.Memory;
        VCpus = source.VCpus;
        MemoryGuarantee = source.MemoryGuarantee;
        GicVersion = source.GicVersion;
        Autostart = source.Autostart;
        SharePages = source.SharePages;
        OnCrash = source.OnCrash;
        OnDebuggerLost = source.OnDebuggerLost;
        Scheduling = source.Scheduling;
        Disks = new DiskDefinition[source.DiskCount];
        for (int i = 0; i < Disks.Length; i++)
        {
            Disks[i] = new DiskDefinition(source.GetDisk(i));
        }

        _kernel = Pin(source.Kernel, out _kernelLength);
        _ramdisk = Pin(source.Ramdisk, out _ramdiskLength);
        _commandLine = Pin(source.CommandLine, out _commandLineLength);
        _networks = Pin(source.Networks, out _networksLength);
    }

    /// <summary>Name in ASCII.</summary>
    internal byte[] Name { get; }

    /// <summary>RAM in bytes.</summary>
    internal ulong Memory { get; }

    /// <summary>Bytes of RAM that it has whatever others need.</summary>
    internal ulong MemoryGuarantee { get; }

    /// <summary>Number of VCpus.</summary>
    internal uint VCpus { get; }

    /// <summary>2 or 3; 0 for the machine's own.</summary>
    internal uint GicVersion { get; }

    /// <summary>Whether it starts when the machine does.</summary>
    internal bool Autostart { get; }

    /// <summary>Whether pages of its memory that are the same as another VM's may be one.</summary>
    internal bool SharePages { get; }

    /// <summary>What is done when it crashes.</summary>
    internal BundleCrashPolicy OnCrash { get; }

    /// <summary>What is done when its debugger has gone without a word.</summary>
    internal BundleDebuggerPolicy OnDebuggerLost { get; }

    /// <summary>Its share of the processors.</summary>
    internal BundleScheduling Scheduling { get; }

    /// <summary>Its disks, in order.</summary>
    internal DiskDefinition[] Disks { get; }

    /// <summary>Its part of what is fought over, all VCpus together.</summary>
    internal uint Weight => Scheduling.Weight;

    /// <summary>The most it may take, all VCpus together, in thousandths of a CPU. 0: no cap.</summary>
    internal uint Cap => Scheduling.Cap;

    /// <summary>The kernel's file.</summary>
    internal ReadOnlySpan<byte> Kernel => new(_kernel, _kernelLength);

    /// <summary>The initial ramdisk; empty where there is none.</summary>
    internal ReadOnlySpan<byte> Ramdisk => new(_ramdisk, _ramdiskLength);

    /// <summary>/chosen bootargs.</summary>
    internal ReadOnlySpan<byte> CommandLine => new(_commandLine, _commandLineLength);

    /// <summary>Its network devices, as <see cref="BundleNetwork"/> reads them.</summary>
    internal ReadOnlySpan<byte> Networks => new(_networks, _networksLength);

    // The spans point into the bundle, which is given back after its definitions, or the image. Neither moves.
    internal static byte* Pin(ReadOnlySpan<byte> span, out int length)
    {
        length = span.Length;
        fixed (byte* start = span)
        {
            return start;
        }
    }
}

namespace SharpVisor.Console;

/// <summary>What there is to say of a VM.</summary>
internal struct VmStatus
{
    /// <summary>Its number: given when it is defined, never given again. 0 means no VM.</summary>
    internal int Id { get; set; }

    /// <summary>Its name.</summary>
    internal VmName Name { get; set; }

    /// <summary>Where it is in its life.</summary>
    internal VmState State { get; set; }

    /// <summary>Number of VCpus.</summary>
    internal int VCpus { get; set; }

    /// <summary>Bytes of guest memory that it has at the moment.</summary>
    internal ulong Memory { get; set; }

    /// <summary>Bytes of them in pages that several VMs have together.</summary>
    internal ulong MemoryShared { get; set; }

    /// <summary>Most bytes of guest memory that it can have.</summary>
    internal ulong MemoryMaximum { get; set; }

    /// <summary>Bytes of guest memory that it has whatever others need.</summary>
    internal ulong MemoryGuarantee { get; set; }

    /// <summary>Bytes that the hypervisor uses for it: objects and stage-2 tables.</summary>
    internal ulong MemoryOverhead { get; set; }

    /// <summary>Whether its guest has a driver for its balloon, so that it can be asked for memory.</summary>
    internal bool HasBalloonDriver { get; set; }

    /// <summary>Bytes that its guest has in its balloon, as it says.</summary>
    internal ulong Balloon { get; set; }

    /// <summary>Bytes that its balloon should have.</summary>
    internal ulong BalloonTarget { get; set; }

    /// <summary>Bytes of memory that its guest says that it has, 0 where it has said nothing.</summary>
    internal ulong GuestMemory { get; set; }

    /// <summary>Bytes that its guest says that new programs could have.</summary>
    internal ulong GuestAvailable { get; set; }

    /// <summary>Bytes that its guest says that nobody uses.</summary>
    internal ulong GuestFree { get; set; }

    /// <summary>Bytes that its guest says that hold parts of files and could be given up.</summary>
    internal ulong GuestCaches { get; set; }

    /// <summary>Bytes that its guest says that it has written out for want of memory since it began.</summary>
    internal ulong GuestSwappedOut { get; set; }

    /// <summary>Page faults that needed a device, as its guest says, since it began.</summary>
    internal ulong GuestMajorFaults { get; set; }

    /// <summary>Nanoseconds since it was started, pauses counted; 0 where it has not been or has ended.</summary>
    internal ulong UpTime { get; set; }

    /// <summary>Nanoseconds until it begins anew by itself after a crash; 0 where it does not.</summary>
    internal ulong RestartIn { get; set; }

    /// <summary>How often it was reset, or started after its end.</summary>
    internal int Restarts { get; set; }

    /// <summary>Share in proportion to other VMs.</summary>
    internal int Weight { get; set; }

    /// <summary>Most it may use, in percent of one CPU, rounded up; 0 for no limit.</summary>
    internal int Cap { get; set; }

    /// <summary>Version of its interrupt controller, 2 or 3.</summary>
    internal int GicVersion { get; set; }
}

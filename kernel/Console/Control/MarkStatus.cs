namespace SharpVisor.Console;

/// <summary>An event that a guest has marked by hypercall.</summary>
internal struct MarkStatus
{
    /// <summary>Nanoseconds on the clock of <see cref="MachineControl.Now"/>.</summary>
    internal ulong Time { get; set; }

    /// <summary>The VCpu that marked it.</summary>
    internal int VCpu { get; set; }

    /// <summary>The kind of event, in the guest's own numbers.</summary>
    internal uint Number { get; set; }

    /// <summary>What the guest gave with it.</summary>
    internal ulong Value { get; set; }
}

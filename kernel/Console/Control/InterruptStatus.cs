namespace SharpVisor.Console;

/// <summary>What there is to say of a physical interrupt that is in use.</summary>
internal struct InterruptStatus
{
    /// <summary>INTID.</summary>
    internal uint Number { get; set; }

    /// <summary>How often it came, on all CPUs.</summary>
    internal ulong Count { get; set; }

    /// <summary>Whom it serves.</summary>
    internal InterruptUser User { get; set; }

    /// <summary>Number of the VM that has the device, 0 for the hypervisor's own.</summary>
    internal int Vm { get; set; }
}

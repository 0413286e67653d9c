namespace SharpVisor.Cpu;

/// <summary>Private interrupts by the numbers that the Arm base system architecture gives them; the guest machine has the same.</summary>
internal static class InterruptNumbers
{
    /// <summary>The virtual GIC's maintenance interrupt.</summary>
    internal const uint Maintenance = 25;

    /// <summary>CNTHP: the hypervisor's timer.</summary>
    internal const uint HypervisorTimer = 26;

    /// <summary>CNTV: the guest's virtual timer.</summary>
    internal const uint VirtualTimer = 27;

    /// <summary>CNTP: the EL1 physical timer.</summary>
    internal const uint PhysicalTimer = 30;
}

namespace SharpVisor.Interrupts;

/// <summary>What a virtual GIC keeps for each VCpu: SGIs and PPIs, list registers, and what waits to be delivered.</summary>
internal sealed class GicCpu
{
    internal const int PrivateCount = 32;

    internal readonly VirtualInterrupt[] Private = new VirtualInterrupt[PrivateCount];

    /// <summary>A bit for each INTID that needs work: to be put into a list register, or to be looked at in it.</summary>
    internal readonly ulong[] Ready = new ulong[(VirtualGic.InterruptCount + 63) / 64];

    /// <summary>INTID in each list register, as far as the hypervisor knows: the guest may have ended it.</summary>
    internal readonly ushort[] SlotOwner = new ushort[MaximumSlots];

    /// <summary>Room to sort in what shall go into the list registers.</summary>
    internal readonly uint[] Best = new uint[MaximumSlots];

    internal readonly VirtualCpuInterface Interface;

    /// <summary>A bit for each list register there is.</summary>
    internal readonly uint AllSlots;

    /// <summary>A bit for each word of <see cref="Ready"/> that is not zero.</summary>
    internal uint ReadySummary;

    /// <summary>A bit for each list register that was written and not folded back.</summary>
    internal uint SlotsUsed;

    /// <summary>A bit for each physical private interrupt that this VCpu's CPU has to deactivate.</summary>
    internal uint PhysicalEnds;

    /// <summary>A bit for each private interrupt that hardware has raised since the VCpu came onto its CPU.</summary>
    internal uint Linked;

    /// <summary>The guest's side of the interface while the VCpu is switched out.</summary>
    internal readonly ulong[] InterfaceState = new ulong[VirtualCpuInterface.StateLength];

    /// <summary>What the maintenance interrupt is set to. Not <see cref="MaintenanceReasons.None"/>: not everything had room.</summary>
    internal MaintenanceReasons Reasons;

    /// <summary>
    /// SGIs sent and not yet taken over. GICv3: bits 0 to 15 by SGI1R, 16 to 31 by SGI0R; GICv2: a bit each, and
    /// <see cref="Senders"/> says by whom. Changed without the lock.
    /// </summary>
    internal int Mailbox;

    /// <summary>For each SGI of a GICv2 a bit for each VCpu that has sent it; written before the bit in <see cref="Mailbox"/>.</summary>
    internal readonly int[] Senders = new int[VirtualGic.SgiCount];

    /// <summary>Another VCpu holds the lock and waits for this one to fold its list registers.</summary>
    internal int RecallRequested;

    /// <summary>Whether the VCpu waits for the lock, with <see cref="Ticket"/>. Its own CPU alone uses both.</summary>
    internal bool IsWaiting;

    internal int Ticket;

    /// <summary>Whether <see cref="GicEnvironment.NoteInjection"/> is to be called.</summary>
    internal bool IsTraced;

    /// <summary>Whether the VCpu is on its CPU. Changes under the lock; read without it.</summary>
    internal bool Running;

    /// <summary>GICR_WAKER.ProcessorSleep. It is remembered, but holds nothing back (as in QEMU and KVM).</summary>
    internal bool Asleep = true;

    private const int MaximumSlots = 16;

    internal GicCpu(VirtualCpuInterface cpuInterface)
    {
        Interface = cpuInterface;
        int slots = cpuInterface.ListRegisterCount;
        AllSlots = (1u << (slots < MaximumSlots ? slots : MaximumSlots)) - 1;
    }
}

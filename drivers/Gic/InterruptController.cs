using System;

namespace SharpVisor.Drivers;

/// <summary>
/// The machine's interrupt controller. End of interrupt is split (EOImode 1): the priority drop that lets the next
/// interrupt in comes with the acknowledge, as EL2 masks interrupts anyway; deactivation lets the same one in again, which
/// for an interrupt that was handed to a guest is the guest's to do.
/// </summary>
public abstract class InterruptController
{
    /// <summary>First INTID that is not private to a CPU.</summary>
    public const uint FirstShared = 32;

    /// <summary>INTIDs from here on mean that there was nothing to acknowledge.</summary>
    public const uint FirstSpecial = 1020;

    /// <summary>Version of the GIC architecture, 2 or 3; 0 where it is no GIC.</summary>
    public abstract int Version { get; }

    /// <summary>The INTID in what <see cref="Acknowledge"/> returned.</summary>
    public static uint IdOf(uint acknowledged) => acknowledged & 0x3ff;

    /// <summary>INTID of the first entry of a device's <c>interrupts</c> property. False where it names none.</summary>
    public virtual bool TryTranslate(ReadOnlySpan<byte> specifier, out uint interrupt) => GicInterrupts.TryTranslate(specifier, out interrupt);

    /// <summary>Its register frames, for the map: entry <paramref name="index"/>, false behind the last.</summary>
    public abstract bool TryGetFrames(int index, out ulong start, out ulong length);

    /// <summary>Sets the distributor up: once, by the first CPU.</summary>
    public abstract void Initialise();

    /// <summary>Sets the calling CPU's interface up.</summary>
    /// <param name="index">The CPU's place among the machine's CPUs.</param>
    /// <param name="affinity">Its MPIDR_EL1 affinity fields.</param>
    /// <returns>False where the controller has nothing for this CPU.</returns>
    public abstract bool InitialiseCpu(int index, ulong affinity);

    /// <summary>Lets an interrupt in. A private one: for the calling CPU. A shared one goes to the first CPU.</summary>
    public abstract void Enable(uint interrupt);

    /// <summary>Keeps an interrupt out.</summary>
    public abstract void Disable(uint interrupt);

    /// <summary>Ends the active state of an interrupt that may or may not be active.</summary>
    public abstract void ClearActive(uint interrupt);

    /// <summary>Takes the highest pending interrupt, and lets others in. For an SGI of a GICv2 the source CPU stands above bit 10.</summary>
    public abstract uint Acknowledge();

    /// <summary>The end of an interrupt: takes what <see cref="Acknowledge"/> returned.</summary>
    public abstract void Deactivate(uint acknowledged);

    /// <summary>Sends SGI 0 to 15 to a CPU, after everything the sender has stored.</summary>
    public abstract void SendSgi(int cpu, uint interrupt);
}

using System.Runtime.CompilerServices;

namespace SharpVisor.Interrupts;

/// <summary>The state of one interrupt of a guest. It changes under the lock of its <see cref="VirtualGic"/>.</summary>
internal struct VirtualInterrupt
{
    /// <summary>ISENABLER.</summary>
    internal bool Enabled;

    /// <summary>ICFGR: edge-triggered; otherwise level-sensitive.</summary>
    internal bool Edge;

    /// <summary>IGROUPR.</summary>
    internal bool Group1;

    /// <summary>What the device drives its line to; for one of hardware, as it was when last looked at.</summary>
    internal bool Line;

    /// <summary>Active, for the VCpu <see cref="Holder"/>; while in a list register, as it was when that was written.</summary>
    internal bool Active;

    /// <summary>Hardware stands behind it: the physical interrupt of the same INTID is active until this one is deactivated.</summary>
    internal bool Hardware;

    /// <summary>While active: the group in which it was acknowledged.</summary>
    internal bool ActiveGroup1;

    /// <summary>IPRIORITYR, five bits: 0 (highest) to 0xf8.</summary>
    internal byte Priority;

    /// <summary>While active: the priority with which it was acknowledged. A change of IPRIORITYR counts from the next time on.</summary>
    internal byte ActivePriority;

    /// <summary>
    /// Pending for another reason than the line (an edge, ISPENDR, an SGI): bit 0, or for an SGI of a GICv2 a bit
    /// for each source VCpu. While in a list register, as it was when that was written.
    /// </summary>
    internal byte Latched;

    /// <summary>What came to <see cref="Latched"/> while in a list register.</summary>
    internal byte Incoming;

    /// <summary>The bits of <see cref="Latched"/> that are gone once its list register is no longer pending.</summary>
    internal byte Taken;

    /// <summary>For an SGI of a GICv2 that is active or in a list register: its source VCpu.</summary>
    internal byte Source;

    /// <summary>0, or 1 + the index of the list register of <see cref="Holder"/> that holds it.</summary>
    internal byte Slot;

    /// <summary>The VCpu for which it is active or in a list register.</summary>
    internal byte Holder;

    /// <summary>0, or 1 + the VCpu among whose ready interrupts it is listed.</summary>
    internal byte ListedOn;

    /// <summary>ITARGETSR of a GICv2: a bit for each VCpu.</summary>
    internal byte Targets;

    /// <summary>IROUTER of a GICv3.</summary>
    internal ulong Route;

    /// <summary>While in a list register: whether it is done with when that is, as nothing came since.</summary>
    internal readonly bool HasOnlyTaken
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ((Latched & ~Taken) | Incoming | ListedOn) == 0 && !Hardware && (Edge || !Line);
    }

    internal readonly bool IsPending
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (Latched | Incoming) != 0 || (Line && !Edge);
    }
}

namespace SharpVisor.Interrupts;

/// <summary>The state that a distributor register with one bit for each interrupt shows.</summary>
internal enum InterruptField
{
    /// <summary>IGROUPR.</summary>
    Group,

    /// <summary>ISENABLER, ICENABLER.</summary>
    Enabled,

    /// <summary>ISPENDR, ICPENDR.</summary>
    Pending,

    /// <summary>ISACTIVER, ICACTIVER.</summary>
    Active,
}

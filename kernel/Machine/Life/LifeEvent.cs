namespace SharpVisor.Machine.Life;

/// <summary>What there is to say of a VM's life.</summary>
public enum LifeEvent
{
    /// <summary>Its guest has powered it off.</summary>
    PoweredOff,

    /// <summary>It begins anew.</summary>
    Reset,

    /// <summary>It has crashed.</summary>
    Crashed,

    /// <summary>It has crashed and begins anew after a while.</summary>
    RestartsLater,

    /// <summary>It has crashed and stays as it is, to be looked at.</summary>
    Kept,

    /// <summary>A person has ended it.</summary>
    Stopped,

    /// <summary>It stands still.</summary>
    Paused,

    /// <summary>Everything that it had is given back.</summary>
    Destroyed,
}

namespace SharpVisor.Machine.Life;

/// <summary>What can be asked of a VM, at any time.</summary>
public enum LifeRequest
{
    /// <summary>Get memory, VCpus and devices.</summary>
    Create,

    /// <summary>Start, from the beginning; create it before where it is only defined.</summary>
    Start,

    /// <summary>Stand still.</summary>
    Pause,

    /// <summary>Go on.</summary>
    Resume,

    /// <summary>Begin anew, whatever the guest does.</summary>
    Reset,

    /// <summary>End at once. Also takes back that it begins anew by itself.</summary>
    Stop,

    /// <summary>Give back everything; end before.</summary>
    Destroy,
}

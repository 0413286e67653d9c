namespace SharpVisor.Machine.Life;

/// <summary>What a VM has and does at the moment.</summary>
internal enum VmPhase
{
    /// <summary>There is only its definition.</summary>
    Defined,

    /// <summary>Has everything; has not started.</summary>
    Created,

    /// <summary>Its VCpus are the scheduler's.</summary>
    Running,

    /// <summary>Its VCpus are leaving their CPUs.</summary>
    Leaving,

    /// <summary>Stands still and can go on.</summary>
    Paused,

    /// <summary>Stands still and can only begin anew.</summary>
    Ended,

    /// <summary>Nothing of it is used any more; a CPU may still be on its way out of it.</summary>
    Releasing,
}

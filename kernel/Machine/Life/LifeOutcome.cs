namespace SharpVisor.Machine.Life;

/// <summary>How a request to a VM's life ended.</summary>
public enum LifeOutcome
{
    /// <summary>Done, or under way.</summary>
    Done,

    /// <summary>It cannot be done in the state that the VM is in.</summary>
    WrongState,

    /// <summary>Not enough memory is free.</summary>
    NoMemory,

    /// <summary>No CPU has room for its VCpus.</summary>
    NoCpu,

    /// <summary>The machine has as many VCpus as it can have.</summary>
    NoRoom,

    /// <summary>Its kernel or another image cannot be loaded.</summary>
    BadImage,

    /// <summary>This machine has not what its definition asks for.</summary>
    NotSupported,
}

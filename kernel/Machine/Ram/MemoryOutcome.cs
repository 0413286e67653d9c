namespace SharpVisor.Machine.Ram;

/// <summary>What became of an access of a guest that stage 2 refused.</summary>
public enum MemoryOutcome
{
    /// <summary>It is no access to RAM.</summary>
    NotRam,

    /// <summary>The guest may try again: what it wanted is there now.</summary>
    Present,

    /// <summary>There is no memory left for it.</summary>
    NoMemory,
}

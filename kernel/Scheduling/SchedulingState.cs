namespace SharpVisor.Scheduling;

/// <summary>Where an entity stands with its scheduler.</summary>
public enum SchedulingState
{
    /// <summary>No scheduler has it.</summary>
    Absent,

    /// <summary>It has nothing to do (WFI, or its VCpu is off).</summary>
    Blocked,

    /// <summary>It could run and another does.</summary>
    Waiting,

    /// <summary>It could run, but has used up its cap or its reservation until the next period.</summary>
    Throttled,

    /// <summary>A CPU runs it.</summary>
    Running,
}

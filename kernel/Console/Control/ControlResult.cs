namespace SharpVisor.Console;

/// <summary>How a request ended, with the state that it found.</summary>
internal readonly struct ControlResult
{
    private ControlResult(ControlOutcome outcome, VmState state)
    {
        Outcome = outcome;
        State = state;
    }

    /// <summary>How it ended.</summary>
    internal readonly ControlOutcome Outcome;

    /// <summary>For <see cref="ControlOutcome.WrongState"/>: the state that the VM is in.</summary>
    internal readonly VmState State;

    /// <summary>Whether it was done.</summary>
    internal bool IsOk => Outcome == ControlOutcome.Ok;

    /// <summary>Done.</summary>
    internal static ControlResult Ok => default;

    /// <summary>Not done, for this reason.</summary>
    internal static ControlResult Failed(ControlOutcome outcome) => new(outcome, VmState.Defined);

    /// <summary>As the outcome says.</summary>
    internal static ControlResult From(ControlOutcome outcome) => new(outcome, VmState.Defined);

    /// <summary>Not done, because of the VM's state.</summary>
    internal static ControlResult WrongState(VmState state) => new(ControlOutcome.WrongState, state);
}

namespace SharpVisor.Control.Client;

/// <summary>The kinds of things that keep a request from being done.</summary>
internal enum ControlError
{
    /// <summary>The hypervisor answered that it does not do that.</summary>
    Refused,

    /// <summary>There is nobody at the other end, or nobody any more.</summary>
    NoConnection,

    /// <summary>No answer came in time.</summary>
    TimedOut,
}

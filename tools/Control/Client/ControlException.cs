using System;

namespace SharpVisor.Control.Client;

/// <summary>Why a request was not done, in words for the person who asked.</summary>
internal sealed class ControlException : Exception
{
    internal ControlException(ControlError error, string message, Exception? inner = null)
        : base(message, inner)
    {
        Error = error;
    }

    /// <summary>Of which kind it is.</summary>
    internal ControlError Error { get; }

    /// <summary>The hypervisor's answer where it refused; otherwise null.</summary>
    internal Answer? Answer { get; init; }
}

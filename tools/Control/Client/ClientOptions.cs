using System;

namespace SharpVisor.Control.Client;

/// <summary>How patient a client is.</summary>
internal sealed record ClientOptions
{
    /// <summary>How long to wait for an answer before the request is sent again.</summary>
    internal TimeSpan Repeat { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long to wait for an answer in all.</summary>
    internal TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Told once when an answer is late.</summary>
    internal Action? OnLate { get; init; }

    /// <summary>Who asks, for the hypervisor's log.</summary>
    internal string Name { get; init; } = "";
}

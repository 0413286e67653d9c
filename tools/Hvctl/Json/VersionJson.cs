namespace SharpVisor.Hvctl.Json;

/// <summary>Versions; <c>hypervisor</c> is null where no machine runs.</summary>
internal sealed record VersionJson(string Hvctl, int Protocol, HypervisorJson? Hypervisor);

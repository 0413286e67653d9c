namespace SharpVisor.Hvctl.Json;

/// <summary>What the hypervisor says of itself.</summary>
internal sealed record HypervisorJson(string Name, int Protocol, int LowestProtocol, int HighestProtocol, int Window, int LargestPayloadBytes, string Capabilities);

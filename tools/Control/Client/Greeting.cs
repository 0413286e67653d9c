namespace SharpVisor.Control.Client;

/// <summary>What the hypervisor says of itself.</summary>
/// <param name="ProtocolVersion">The version that is spoken.</param>
/// <param name="LowestVersion">Oldest version that the hypervisor speaks.</param>
/// <param name="HighestVersion">Newest version that the hypervisor speaks.</param>
/// <param name="LargestPayload">Most bytes of payload that it takes.</param>
/// <param name="Window">Most requests that may be under way.</param>
/// <param name="Capabilities">Bit n: it knows the operations 0xn0 to 0xnf.</param>
/// <param name="Now">Nanoseconds since its start.</param>
/// <param name="Name">Its name and version.</param>
internal sealed record Greeting(
    int ProtocolVersion, int LowestVersion, int HighestVersion, int LargestPayload, int Window, ulong Capabilities, ulong Now, string Name);

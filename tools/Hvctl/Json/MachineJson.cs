namespace SharpVisor.Hvctl.Json;

/// <summary>The machine in numbers.</summary>
internal sealed record MachineJson(
    string Hypervisor, int Protocol, ulong UpTimeNs, uint Vms, uint Cpus, ulong FramesTaken, ulong FramesDropped, string Socket);

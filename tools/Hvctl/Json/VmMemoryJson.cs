namespace SharpVisor.Hvctl.Json;

/// <summary>What of the memory a VM has.</summary>
internal sealed record VmMemoryJson(string Name, string State, ulong MemoryBytes, ulong MemoryMaximumBytes, ulong MemoryGuaranteeBytes, ulong MemoryOverheadBytes, ulong MemorySharedBytes, BalloonJson Balloon);

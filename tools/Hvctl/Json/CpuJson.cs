namespace SharpVisor.Hvctl.Json;

/// <summary>A CPU; <c>vm</c> and <c>vcpu</c> are null where it is idle.</summary>
internal sealed record CpuJson(int Index, bool Online, string Affinity, ulong UpTimeNs, ulong IdleTimeNs, string? Vm, int? Vcpu, int Ready);

namespace SharpVisor.Hvctl.Json;

/// <summary>A CPU: how much of the time it had something to run.</summary>
internal sealed record TopCpuJson(int Index, bool Online, double BusyPercent, int Ready);

using System.Collections.Generic;

namespace SharpVisor.Hvctl.Json;

/// <summary>A VM: percent of one CPU that it ran and that it waited for its turn, exits a second by reason.</summary>
internal sealed record TopVmJson(
    string Name, string State, ulong MemoryBytes, double CpuPercent, double StolenPercent, IReadOnlyDictionary<string, double> ExitsPerSecond, IReadOnlyList<TopVCpuJson> Vcpus, BalloonJson Balloon);

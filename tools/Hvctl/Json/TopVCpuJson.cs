using System.Collections.Generic;

namespace SharpVisor.Hvctl.Json;

/// <summary>A VCpu's part of what its VM did.</summary>
internal sealed record TopVCpuJson(int Index, string State, int? Cpu, double CpuPercent, double StolenPercent, IReadOnlyDictionary<string, double> ExitsPerSecond);

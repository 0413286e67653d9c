using System.Collections.Generic;

namespace SharpVisor.Hvctl.Json;

/// <summary>What happened between two looks at the machine.</summary>
internal sealed record TopJson(ulong UpTimeNs, double IntervalSeconds, ulong MemoryTotalBytes, ulong MemoryFreeBytes, IReadOnlyList<TopCpuJson> Cpus, IReadOnlyList<TopVmJson> Vms);

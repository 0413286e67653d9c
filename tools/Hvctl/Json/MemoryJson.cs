using System.Collections.Generic;

namespace SharpVisor.Hvctl.Json;

/// <summary>Who has the machine's memory.</summary>
internal sealed record MemoryJson(
    ulong TotalBytes, ulong FreeBytes, ulong LargestFreeBytes, ulong HypervisorBytes, ulong SharedBytes, IReadOnlyList<VmMemoryJson> Vms, ulong KeptBytes);

using System.Collections.Generic;

namespace SharpVisor.Hvctl.Json;

/// <summary>What the hypervisor measured of itself, in its own lines.</summary>
internal sealed record BenchJson(IReadOnlyList<string> Lines);

using System.Collections.Generic;

namespace SharpVisor.Hvctl.Json;

/// <summary>What came of <c>create BUNDLE</c>.</summary>
/// <param name="Bundle">The file.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Seconds">How long it took to send.</param>
/// <param name="Vms">What was done with the VMs that it defined.</param>
internal sealed record UploadJson(string Bundle, long Bytes, double Seconds, IReadOnlyList<ActionJson> Vms);

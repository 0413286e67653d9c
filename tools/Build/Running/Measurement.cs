using System.Text.Json.Serialization;

namespace SharpVisor.Build.Running;

/// <summary>One figure of <c>make bench</c>, as build/bench.json has it.</summary>
/// <param name="Name">What was measured: <c>hypercall</c>, <c>mmio-read-device</c>, ...</param>
/// <param name="Cpu">The CPU= of the machine.</param>
/// <param name="Gic">
/// The GIC= of the machine and of the guest; 0: a guest's GICv2 whose CPU interface is in software, as on a machine without a
/// GIC. A GICv3 machine serves for that, as it cannot lend it one either.
/// </param>
/// <param name="Board">The BOARD= of the machine.</param>
/// <param name="Instructions">Instructions an operation under the hypervisor.</param>
/// <param name="Native">The same guest on the same machine without the hypervisor; 0 where that makes no sense.</param>
internal sealed record Measurement(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("cpu")] string Cpu,
    [property: JsonPropertyName("gic")] int Gic,
    [property: JsonPropertyName("board")] string Board,
    [property: JsonPropertyName("instructions")] long Instructions,
    [property: JsonPropertyName("native")] long Native);

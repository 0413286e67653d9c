using System.Collections.Generic;
using SharpVisor.Control.Client;

namespace SharpVisor.Hvctl.Json;

/// <summary>A VCpu; <c>exits</c> has a number for each reason, and <c>total</c>. <c>cpu</c> is null where it has not run yet.</summary>
internal sealed record VCpuJson(int Index, string State, int? Cpu, ulong RunTimeNs, ulong StolenTimeNs, IReadOnlyDictionary<string, ulong> Exits)
{
    internal static VCpuJson From(in VCpuRecord vcpu) => new(
        vcpu.Index,
        Names.Of(vcpu.Status.State),
        vcpu.Status.Cpu < 0 ? null : vcpu.Status.Cpu,
        vcpu.Status.RunTime,
        vcpu.Status.StolenTime,
        Names.Exits(vcpu.Status.Exits));
}

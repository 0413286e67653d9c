using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using SharpVisor.Console;
using SharpVisor.Control.Client;

namespace SharpVisor.Hvctl.Watching;

/// <summary>One look at the machine.</summary>
/// <param name="Now">Nanoseconds of the machine's own time since its start.</param>
/// <param name="Memory">Who has the memory.</param>
/// <param name="Cpus">All CPUs.</param>
/// <param name="Vms">All VMs.</param>
/// <param name="VCpus">All VCpus of all VMs.</param>
internal sealed record Snapshot(
    ulong Now, MemoryStatus Memory, IReadOnlyList<CpuRecord> Cpus, IReadOnlyList<VmStatus> Vms, IReadOnlyList<VCpuRecord> VCpus)
{
    /// <summary>Looks at it.</summary>
    internal static async Task<Snapshot> TakeAsync(MachineClient machine, CancellationToken cancellation)
    {
        MachineAnswer answer = await machine.GetMachineAsync(cancellation);
        return new Snapshot(
            answer.Now,
            await machine.GetMemoryAsync(cancellation),
            await machine.ListCpusAsync(cancellation),
            await machine.ListVmsAsync(cancellation),
            await machine.ListVCpusAsync(0, cancellation));
    }
}

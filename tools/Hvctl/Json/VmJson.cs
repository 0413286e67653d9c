using System.Collections.Generic;
using SharpVisor.Console;
using SharpVisor.Control.Client;

namespace SharpVisor.Hvctl.Json;

/// <summary>A VM, as <c>list</c> and <c>info</c> give it.</summary>
internal record VmJson(
    int Id,
    string Name,
    string State,
    int Vcpus,
    int GicVersion,
    ulong MemoryBytes,
    ulong MemoryMaximumBytes,
    ulong MemoryGuaranteeBytes,
    ulong MemoryOverheadBytes,
    ulong UpTimeNs,
    ulong RestartInNs,
    int Restarts,
    int Weight,
    int CapPercent,
    ulong MemorySharedBytes,
    BalloonJson Balloon)
{
    internal static VmJson From(in VmStatus vm) => new(
        vm.Id, Names.Of(vm), Names.Of(vm.State), vm.VCpus, vm.GicVersion, vm.Memory, vm.MemoryMaximum, vm.MemoryGuarantee, vm.MemoryOverhead,
        vm.UpTime, vm.RestartIn, vm.Restarts, vm.Weight, vm.Cap, vm.MemoryShared, BalloonJson.From(vm));
}

using System.Collections.Generic;

namespace SharpVisor.Hvctl.Json;

/// <summary>A VM with its VCpus and disks, as <c>info</c> gives it.</summary>
internal sealed record VmDetailJson : VmJson
{
    internal VmDetailJson(VmJson vm, IReadOnlyList<VCpuJson> vcpuList, IReadOnlyList<DiskJson> disks)
        : base(vm)
    {
        VcpuList = vcpuList;
        Disks = disks;
    }

    public IReadOnlyList<VCpuJson> VcpuList { get; }

    public IReadOnlyList<DiskJson> Disks { get; }
}

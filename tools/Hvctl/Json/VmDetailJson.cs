using System.Collections.Generic;

namespace SharpVisor.Hvctl.Json;

/// <summary>A VM with its VCpus, as <c>info</c> gives it.</summary>
internal sealed record VmDetailJson : VmJson
{
    internal VmDetailJson(VmJson vm, IReadOnlyList<VCpuJson> vcpuList)
        : base(vm)
    {
        VcpuList = vcpuList;
    }

    public IReadOnlyList<VCpuJson> VcpuList { get; }
}

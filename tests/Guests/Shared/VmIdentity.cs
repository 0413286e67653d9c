namespace SharpVisor.Guests;

/// <summary>Where a guest runs.</summary>
internal struct VmIdentity
{
    /// <summary>Number of the VM, from 1.</summary>
    internal uint Vm;

    /// <summary>Number of the calling VCpu, from 0.</summary>
    internal uint VCpu;

    /// <summary>Number of VCpus.</summary>
    internal uint VCpus;

    /// <summary>RAM in bytes.</summary>
    internal ulong Memory;
}

namespace SharpVisor.Cpu;

/// <summary>A stage-2 data abort whose syndrome does not describe the access (ISV = 0).</summary>
internal static class UndescribedAccess
{
    internal static VCpu Handle(VCpu vcpu, ulong syndrome, ulong address, ulong ipa) =>
        AbortTrap.Refuse(vcpu, syndrome, address, ipa, "access that the syndrome does not describe"u8);
}

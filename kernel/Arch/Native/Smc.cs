using System.Runtime;
using System.Runtime.CompilerServices;

namespace SharpVisor.Arch;

/// <summary>Firmware calls through EL3 (SMC Calling Convention, DEN0028).</summary>
public static class Smc
{
    /// <summary>SMC #0 with x0–x3; returns x0. x1–x17 are taken as changed.</summary>
    [RuntimeImport("*", "smc_call")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong Call(ulong function, ulong a1, ulong a2, ulong a3);

    /// <summary>HVC #0, for the image that finds itself at EL1.</summary>
    [RuntimeImport("*", "hvc_call")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong HypervisorCall(ulong function, ulong a1, ulong a2, ulong a3);
}

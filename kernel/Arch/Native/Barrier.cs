using System.Runtime;
using System.Runtime.CompilerServices;

namespace SharpVisor.Arch;

/// <summary>Barriers (Arm ARM B2.3.11) by what they order.</summary>
public static class Barrier
{
    /// <summary>DSB ISH.</summary>
    [RuntimeImport("*", "dsb_ish")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void DataSynchronizationInnerShareable();

    /// <summary>DSB ISHST.</summary>
    [RuntimeImport("*", "dsb_ishst")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void DataSynchronizationInnerShareableStores();

    /// <summary>ISB.</summary>
    [RuntimeImport("*", "isb_")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void Instruction();
}

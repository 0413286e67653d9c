using System.Runtime;
using System.Runtime.CompilerServices;

namespace SharpVisor.Arch;

/// <summary>TLB maintenance (Arm ARM D8.13) and address translation, one instruction each, without barriers.</summary>
public static class Tlb
{
    /// <summary>TLBI IPAS2E1IS: stage-2 entries of the current VMID for one IPA (bits 47:12 in 35:0).</summary>
    [RuntimeImport("*", "tlbi_ipas2e1is")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void InvalidateIpa(ulong ipaShifted);

    /// <summary>TLBI VMALLE1IS: stage-1 entries of the current VMID, combined ones too.</summary>
    [RuntimeImport("*", "tlbi_vmalle1is")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void InvalidateStage1();

    /// <summary>TLBI VMALLS12E1IS: everything of the current VMID.</summary>
    [RuntimeImport("*", "tlbi_vmalls12e1is")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void InvalidateVmid();

    /// <summary>TLBI VAE2IS: the hypervisor’s entries for one address (bits 55:12 in 43:0).</summary>
    [RuntimeImport("*", "tlbi_vae2is")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void InvalidateEl2(ulong addressShifted);

    /// <summary>TLBI ALLE2IS.</summary>
    [RuntimeImport("*", "tlbi_alle2is")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void InvalidateAllEl2();

    /// <summary>AT S1E1R: guest virtual to IPA; the result is in PAR_EL1.</summary>
    [RuntimeImport("*", "at_s1e1r")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void TranslateStage1Read(ulong address);

    /// <summary>AT S1E1W: the same for a write.</summary>
    [RuntimeImport("*", "at_s1e1w")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void TranslateStage1Write(ulong address);

    /// <summary>AT S1E0R: as EL0 reads.</summary>
    [RuntimeImport("*", "at_s1e0r")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void TranslateStage1UserRead(ulong address);

    /// <summary>AT S1E0W: as EL0 writes.</summary>
    [RuntimeImport("*", "at_s1e0w")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void TranslateStage1UserWrite(ulong address);
}

using System.Runtime;
using System.Runtime.CompilerServices;

namespace SharpVisor.Arch;

/// <summary>Device registers: one load or store of exactly that width at an EL2 virtual address (which equals the physical one).</summary>
public static class Mmio
{
    /// <summary>Reads 8 bits.</summary>
    [RuntimeImport("*", "mmio_read8")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern byte Read8(ulong address);

    /// <summary>Writes 8 bits.</summary>
    [RuntimeImport("*", "mmio_write8")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void Write8(ulong address, byte value);

    /// <summary>Reads 16 bits.</summary>
    [RuntimeImport("*", "mmio_read16")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ushort Read16(ulong address);

    /// <summary>Writes 16 bits.</summary>
    [RuntimeImport("*", "mmio_write16")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void Write16(ulong address, ushort value);

    /// <summary>Reads 32 bits.</summary>
    [RuntimeImport("*", "mmio_read32")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern uint Read32(ulong address);

    /// <summary>Writes 32 bits.</summary>
    [RuntimeImport("*", "mmio_write32")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void Write32(ulong address, uint value);

    /// <summary>Reads 64 bits.</summary>
    [RuntimeImport("*", "mmio_read64")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern ulong Read64(ulong address);

    /// <summary>Writes 64 bits.</summary>
    [RuntimeImport("*", "mmio_write64")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void Write64(ulong address, ulong value);
}

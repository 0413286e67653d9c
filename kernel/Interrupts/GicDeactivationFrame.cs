using SharpVisor.Devices;

namespace SharpVisor.Interrupts;

/// <summary>
/// The second 4 KiB of a guest's GICv2 CPU interface, with GICC_DIR alone, where the first 4 KiB are hardware's
/// (GICV). A guest that uses it (EOImode 1) may deactivate in any order what is in a list register and what is not;
/// the hardware could not tell which.
/// </summary>
public sealed class GicDeactivationFrame : MmioDevice
{
    /// <summary>Bytes from the start of GICC.</summary>
    public const ulong Offset = 0x1000;

    /// <summary>Bytes of the frame.</summary>
    public const ulong Length = 0x1000;

    private const uint Deactivate = 0;
    private const uint InterruptMask = 0x3ff;

    private readonly VirtualGic _gic;

    /// <summary>Makes the frame of a GIC.</summary>
    public GicDeactivationFrame(VirtualGic gic) => _gic = gic;

    /// <inheritdoc/>
    public override ulong Read(int vcpu, uint offset, int size) => 0;

    /// <inheritdoc/>
    public override void Write(int vcpu, uint offset, int size, ulong value)
    {
        if (offset == Deactivate && size == 4)
        {
            _gic.Deactivate(vcpu, (uint)value & InterruptMask);
        }
    }

    /// <inheritdoc/>
    public override void Reset()
    {
    }
}

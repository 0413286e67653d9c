using SharpVisor.Devices;

namespace SharpVisor.Interrupts;

/// <summary>
/// The redistributors of a guest's GICv3: for each VCpu two frames of 64 KiB, GICR_* with its identity and
/// GICR_* for SGIs and PPIs (Arm IHI 0069, 12.11). Without LPIs. A VCpu may access those of the others.
/// </summary>
public sealed class GicRedistributor : MmioDevice
{
    /// <summary>Bytes for each VCpu.</summary>
    public const ulong LengthPerVCpu = 0x2_0000;

    private const int VCpuShift = 17;
    private const uint PrivateFrame = 0x1_0000;

    private const uint ImplementerId = 0x0004;
    private const uint Type = 0x0008;
    private const uint Waker = 0x0014;

    private const uint Group = PrivateFrame + 0x080;
    private const uint SetEnable = PrivateFrame + 0x100;
    private const uint ClearEnable = PrivateFrame + 0x180;
    private const uint SetPending = PrivateFrame + 0x200;
    private const uint ClearPending = PrivateFrame + 0x280;
    private const uint SetActive = PrivateFrame + 0x300;
    private const uint ClearActive = PrivateFrame + 0x380;
    private const uint Priority = PrivateFrame + 0x400;
    private const uint EndOfPriority = Priority + GicCpu.PrivateCount;
    private const uint SgiConfiguration = PrivateFrame + 0xc00;
    private const uint PpiConfiguration = PrivateFrame + 0xc04;

    private const uint ArmAsImplementer = 0x43b;
    private const uint ProcessorSleep = 1 << 1;
    private const uint ChildrenAsleep = 1 << 2;
    private const int TypeAffinityShift = 32;
    private const int TypeProcessorShift = 8;
    private const ulong TypeLast = 1 << 4;

    private readonly VirtualGic _gic;

    /// <summary>Makes the frames of a GIC, VCpu after VCpu.</summary>
    public GicRedistributor(VirtualGic gic) => _gic = gic;

    /// <summary>Bytes of all frames in the guest's address space.</summary>
    public ulong Length => (ulong)_gic.VCpuCount * LengthPerVCpu;

    /// <inheritdoc/>
    public override ulong Read(int vcpu, uint offset, int size)
    {
        int owner = (int)(offset >> VCpuShift);
        uint register = offset & ((1u << VCpuShift) - 1);
        if (owner >= _gic.VCpuCount || (offset & (uint)(size - 1)) != 0)
        {
            return 0;
        }

        if (register is >= Priority and < EndOfPriority)
        {
            return size <= 4 ? ReadPriorities(vcpu, owner, register - Priority, size) : 0;
        }

        if (size == 8)
        {
            return register == Type ? TypeOf(owner) : 0;
        }

        if (size != 4)
        {
            return 0;
        }

        switch (register)
        {
            case ImplementerId:
                return ArmAsImplementer;
            case Type:
                return (uint)TypeOf(owner);
            case Type + 4:
                return TypeOf(owner) >> 32;
            case Waker:
                return _gic.IsAsleep(owner) ? ProcessorSleep | ChildrenAsleep : 0;
            case Group:
                return _gic.ReadBits(vcpu, owner, 0, InterruptField.Group);
            case SetEnable:
            case ClearEnable:
                return _gic.ReadBits(vcpu, owner, 0, InterruptField.Enabled);
            case SetPending:
            case ClearPending:
                return _gic.ReadBits(vcpu, owner, 0, InterruptField.Pending);
            case SetActive:
            case ClearActive:
                return _gic.ReadBits(vcpu, owner, 0, InterruptField.Active);
            case SgiConfiguration:
                return _gic.ReadConfiguration(vcpu, owner, 0);
            case PpiConfiguration:
                return _gic.ReadConfiguration(vcpu, owner, 16);
            default:
                return GicIdentification.Read(GicIdentification.Version3Redistributor, register, GicIdentification.OffsetVersion3, size);
        }
    }

    /// <inheritdoc/>
    public override void Write(int vcpu, uint offset, int size, ulong value)
    {
        int owner = (int)(offset >> VCpuShift);
        uint register = offset & ((1u << VCpuShift) - 1);
        if (owner >= _gic.VCpuCount || (offset & (uint)(size - 1)) != 0)
        {
            return;
        }

        if (register is >= Priority and < EndOfPriority && size <= 4)
        {
            for (int i = 0; i < size; i++)
            {
                _gic.WritePriority(vcpu, owner, (uint)(register - Priority + i), (uint)(value >> (8 * i)) & 0xff);
            }

            return;
        }

        if (size != 4)
        {
            return;
        }

        uint bits = (uint)value;
        switch (register)
        {
            case Waker:
                _gic.SetAsleep(owner, (bits & ProcessorSleep) != 0);
                break;
            case Group:
                _gic.WriteBits(vcpu, owner, 0, InterruptField.Group, bits, true);
                _gic.WriteBits(vcpu, owner, 0, InterruptField.Group, ~bits, false);
                break;
            case SetEnable:
                _gic.WriteBits(vcpu, owner, 0, InterruptField.Enabled, bits, true);
                break;
            case ClearEnable:
                _gic.WriteBits(vcpu, owner, 0, InterruptField.Enabled, bits, false);
                break;
            case SetPending:
                _gic.WriteBits(vcpu, owner, 0, InterruptField.Pending, bits, true);
                break;
            case ClearPending:
                _gic.WriteBits(vcpu, owner, 0, InterruptField.Pending, bits, false);
                break;
            case SetActive:
                _gic.WriteBits(vcpu, owner, 0, InterruptField.Active, bits, true);
                break;
            case ClearActive:
                _gic.WriteBits(vcpu, owner, 0, InterruptField.Active, bits, false);
                break;
        }
    }

    /// <inheritdoc/>
    public override void Reset()
    {
        // The distributor resets the whole GIC.
    }

    private ulong ReadPriorities(int vcpu, int owner, uint first, int size)
    {
        ulong value = 0;
        for (int i = 0; i < size; i++)
        {
            value |= (ulong)_gic.ReadPriority(vcpu, owner, (uint)(first + i)) << (8 * i);
        }

        return value;
    }

    /// <summary>GICR_TYPER: affinity level 0 is the VCpu's number, the others are 0.</summary>
    private ulong TypeOf(int owner) =>
        ((ulong)owner << TypeAffinityShift) | ((ulong)owner << TypeProcessorShift) | (owner == _gic.VCpuCount - 1 ? TypeLast : 0);
}

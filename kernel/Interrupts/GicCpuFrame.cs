using SharpVisor.Devices;

namespace SharpVisor.Interrupts;

/// <summary>
/// The CPU interface frame (GICC_*) of a guest's GICv2 (Arm IHI 0048, 4.4), where hardware has none to lend: it acts
/// on the <see cref="SoftwareCpuInterface"/> of the accessing VCpu.
/// </summary>
public sealed class GicCpuFrame : MmioDevice
{
    /// <summary>Bytes of the frame in the guest's address space.</summary>
    public const ulong Length = 0x2000;

    private const uint Control = 0x0000;
    private const uint PriorityMask = 0x0004;
    private const uint BinaryPoint = 0x0008;
    private const uint Acknowledge = 0x000c;
    private const uint End = 0x0010;
    private const uint RunningPriority = 0x0014;
    private const uint HighestPending = 0x0018;
    private const uint AliasedBinaryPoint = 0x001c;
    private const uint AliasedAcknowledge = 0x0020;
    private const uint AliasedEnd = 0x0024;
    private const uint AliasedHighestPending = 0x0028;
    private const uint ActivePriorities = 0x00d0;
    private const uint ActivePrioritiesGroup1 = 0x00e0;
    private const uint Identification = 0x00fc;
    private const uint Deactivate = 0x1000;

    // GICC_IIDR: GIC-400, architecture 2, Arm.
    private const uint IdentificationValue = 0x0202_143b;
    private const uint InterruptMask = 0x3ff;

    private readonly VirtualGic _gic;
    private readonly SoftwareCpuInterface[] _interfaces;

    /// <summary>Makes the frame.</summary>
    /// <param name="gic">The GIC it belongs to.</param>
    /// <param name="interfaces">The interface of each VCpu, those that <paramref name="gic"/> was made with.</param>
    public GicCpuFrame(VirtualGic gic, SoftwareCpuInterface[] interfaces)
    {
        _gic = gic;
        _interfaces = interfaces;
    }

    /// <inheritdoc/>
    public override ulong Read(int vcpu, uint offset, int size)
    {
        if (size != 4)
        {
            return 0;
        }

        SoftwareCpuInterface cpu = _interfaces[vcpu];
        switch (offset)
        {
            case Acknowledge:
                return AcknowledgeBy(vcpu, cpu, group1Only: false);
            case AliasedAcknowledge:
                return AcknowledgeBy(vcpu, cpu, group1Only: true);
            case HighestPending:
                return cpu.HighestPending(group1Only: false);
            case AliasedHighestPending:
                return cpu.HighestPending(group1Only: true);
            case RunningPriority:
                return cpu.RunningPriority;
            case Control:
                return cpu.Control;
            case PriorityMask:
                return cpu.PriorityMask;
            case BinaryPoint:
                return cpu.BinaryPoint;
            case AliasedBinaryPoint:
                return cpu.AliasedBinaryPoint;
            case ActivePriorities:
                return cpu.ActivePriorities;
            case ActivePrioritiesGroup1:
                return cpu.ActivePrioritiesGroup1;
            case Identification:
                return IdentificationValue;
            default:
                return 0;
        }
    }

    /// <inheritdoc/>
    public override void Write(int vcpu, uint offset, int size, ulong value)
    {
        if (size != 4)
        {
            return;
        }

        SoftwareCpuInterface cpu = _interfaces[vcpu];
        uint word = (uint)value;
        switch (offset)
        {
            case End:
            case AliasedEnd:
                cpu.End(word);
                break;
            case Deactivate:
                if (!cpu.TryDeactivate(word))
                {
                    _gic.Deactivate(vcpu, word & InterruptMask);
                }

                break;
            case Control:
                cpu.Control = word;
                break;
            case PriorityMask:
                cpu.PriorityMask = word;
                break;
            case BinaryPoint:
                cpu.BinaryPoint = word;
                break;
            case AliasedBinaryPoint:
                cpu.AliasedBinaryPoint = word;
                break;
            case ActivePriorities:
                cpu.ActivePriorities = word;
                break;
            case ActivePrioritiesGroup1:
                cpu.ActivePrioritiesGroup1 = word;
                break;
            default:
                return;
        }

        Maintain(vcpu, cpu);
    }

    /// <inheritdoc/>
    public override void Reset()
    {
        // An interface starts from reset with its VCpu.
    }

    private uint AcknowledgeBy(int vcpu, SoftwareCpuInterface cpu, bool group1Only)
    {
        uint value = cpu.Acknowledge(group1Only);
        Maintain(vcpu, cpu);
        return value;
    }

    private void Maintain(int vcpu, SoftwareCpuInterface cpu)
    {
        if (cpu.NeedsMaintenance)
        {
            _gic.HandleMaintenance(vcpu);
        }
    }
}

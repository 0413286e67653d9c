using SharpVisor.Devices;

namespace SharpVisor.Interrupts;

/// <summary>
/// The distributor frame (GICD_*) of a guest's GICv2 (Arm IHI 0048, 4.3) or GICv3 with one security state and
/// affinity routing (IHI 0069, 12.9), with the identity of the one in QEMU's virt machine.
/// </summary>
/// <remarks>
/// What a guest reads often and never changes is answered first and without the lock. Registers that don't exist,
/// interrupts beyond the last, and widths that a register does not have read as zero and ignore writes.
/// </remarks>
public sealed class GicDistributor : MmioDevice
{
    /// <summary>Bytes of the frame in the guest's address space.</summary>
    public const ulong Length = 0x1_0000;

    private const uint Control = 0x000;
    private const uint Type = 0x004;
    private const uint ImplementerId = 0x008;
    private const uint Group = 0x080;
    private const uint SetEnable = 0x100;
    private const uint ClearEnable = 0x180;
    private const uint SetPending = 0x200;
    private const uint ClearPending = 0x280;
    private const uint SetActive = 0x300;
    private const uint ClearActive = 0x380;
    private const uint Priority = 0x400;
    private const uint Targets = 0x800;
    private const uint Configuration = 0xc00;
    private const uint GroupModifier = 0xd00;
    private const uint SoftwareInterrupt = 0xf00;
    private const uint ClearSgiPending = 0xf10;
    private const uint SetSgiPending = 0xf20;
    private const uint EndOfSgiPending = 0xf30;
    private const uint Routes = 0x6000;
    private const uint EndOfRoutes = 0x8000;

    private const uint GroupEnables = 3;

    // GICD_CTLR of a GICv3: DS and ARE are fixed at 1; there is never a write pending.
    private const uint ControlFixedV3 = (1 << 6) | (1 << 4);

    private const uint Lines = (VirtualGic.InterruptCount / 32) - 1;

    // GICD_TYPER of a GICv3: A3V, ten bits of INTID.
    private const uint TypeV3 = (1 << 24) | (9 << 19) | Lines;
    private const int TypeCpusShift = 5;
    private const uint ArmAsImplementer = 0x43b;

    private const int PrivateCount = GicCpu.PrivateCount;

    private readonly uint _type;
    private readonly bool _isVersion3;
    private readonly VirtualGic _gic;

    /// <summary>Makes the frame of a GIC.</summary>
    public GicDistributor(VirtualGic gic)
    {
        _gic = gic;
        _isVersion3 = gic.Version == 3;
        _type = _isVersion3 ? TypeV3 : Lines | ((uint)(gic.VCpuCount - 1) << TypeCpusShift);
    }

    /// <inheritdoc/>
    public override ulong Read(int vcpu, uint offset, int size)
    {
        if (size == 4)
        {
            switch (offset)
            {
                case Type:
                    return _type;
                case Control:
                    return _gic.Groups | (_isVersion3 ? ControlFixedV3 : 0);
                case ImplementerId:
                    return ArmAsImplementer;
            }
        }

        if ((offset & (uint)(size - 1)) != 0)
        {
            return 0;
        }

        if (_isVersion3 && offset >= Routes)
        {
            return ReadVersion3(vcpu, offset, size);
        }

        return offset switch
        {
            < Priority => size == 4 ? ReadBits(vcpu, offset) : 0,
            < Configuration => size <= 4 ? ReadBytes(vcpu, offset, size) : 0,
            < GroupModifier => size == 4 ? ReadConfiguration(vcpu, offset) : 0,
            >= ClearSgiPending and < EndOfSgiPending => size <= 4 && !_isVersion3 ? ReadSgiSources(vcpu, offset, size) : 0,
            _ => !_isVersion3 && size <= 4 ? GicIdentification.Read(GicIdentification.Version2, offset, GicIdentification.OffsetVersion2, size) : 0,
        };
    }

    /// <inheritdoc/>
    public override void Write(int vcpu, uint offset, int size, ulong value)
    {
        if (offset == SoftwareInterrupt && size == 4 && !_isVersion3)
        {
            SendSgi(vcpu, (uint)value); // first, as nothing else is written as often
        }
        else if ((offset & (uint)(size - 1)) == 0)
        {
            WriteAligned(vcpu, offset, size, value);
        }
    }

    private void WriteAligned(int vcpu, uint offset, int size, ulong value)
    {
        if (offset == Control)
        {
            if (size == 4)
            {
                _gic.WriteGroups(vcpu, (uint)value & GroupEnables);
            }
        }
        else if (offset < Group)
        {
        }
        else if (offset < Priority)
        {
            if (size == 4)
            {
                WriteBits(vcpu, offset, (uint)value);
            }
        }
        else if (offset < Configuration)
        {
            if (size <= 4)
            {
                WriteBytes(vcpu, offset, size, value);
            }
        }
        else if (offset < GroupModifier)
        {
            uint first = (offset - Configuration) * 4;
            if (size == 4 && first >= PrivateCount && first < VirtualGic.InterruptCount)
            {
                _gic.WriteConfiguration(vcpu, first, (uint)value);
            }
        }
        else if (_isVersion3)
        {
            WriteRoute(vcpu, offset, size, value);
        }
        else if (offset is >= ClearSgiPending and < EndOfSgiPending && size <= 4)
        {
            for (int i = 0; i < size; i++)
            {
                _gic.WriteSgiSources(vcpu, (uint)(offset + i) & 15, (uint)(value >> (8 * i)) & 0xff, offset >= SetSgiPending);
            }
        }
    }

    /// <inheritdoc/>
    public override void Reset() => _gic.Reset();

    private ulong ReadBits(int vcpu, uint offset)
    {
        uint first = (offset & 0x7f) * 8;
        if (offset < Group || first >= VirtualGic.InterruptCount || IsBankedElsewhere(first))
        {
            return 0;
        }

        return _gic.ReadBits(vcpu, vcpu, first, FieldOf(offset));
    }

    private void WriteBits(int vcpu, uint offset, uint value)
    {
        uint first = (offset & 0x7f) * 8;
        if (first >= VirtualGic.InterruptCount || IsBankedElsewhere(first))
        {
            return;
        }

        InterruptField field = FieldOf(offset);
        if (field == InterruptField.Group)
        {
            _gic.WriteBits(vcpu, vcpu, first, field, value, true);
            _gic.WriteBits(vcpu, vcpu, first, field, ~value, false);
            return;
        }

        _gic.WriteBits(vcpu, vcpu, first, field, value, (offset & 0x80) == 0);
    }

    /// <summary>With affinity routing the SGIs and PPIs are in the redistributors.</summary>
    private bool IsBankedElsewhere(uint interrupt) => _isVersion3 && interrupt < PrivateCount;

    private static InterruptField FieldOf(uint offset) => offset switch
    {
        < SetEnable => InterruptField.Group,
        < SetPending => InterruptField.Enabled,
        < SetActive => InterruptField.Pending,
        _ => InterruptField.Active,
    };

    private ulong ReadBytes(int vcpu, uint offset, int size)
    {
        ulong value = 0;
        for (int i = 0; i < size; i++)
        {
            uint interrupt = (uint)(offset + i) & 0x3ff;
            if (interrupt < VirtualGic.InterruptCount && !IsBankedElsewhere(interrupt))
            {
                uint one = offset < Targets ? _gic.ReadPriority(vcpu, vcpu, interrupt) : ReadTargets(vcpu, interrupt);
                value |= (ulong)one << (8 * i);
            }
        }

        return value;
    }

    private void WriteBytes(int vcpu, uint offset, int size, ulong value)
    {
        for (int i = 0; i < size; i++)
        {
            uint interrupt = (uint)(offset + i) & 0x3ff;
            uint one = (uint)(value >> (8 * i)) & 0xff;
            if (interrupt >= VirtualGic.InterruptCount || IsBankedElsewhere(interrupt))
            {
                continue;
            }

            if (offset < Targets)
            {
                _gic.WritePriority(vcpu, vcpu, interrupt, one);
            }
            else if (!_isVersion3 && interrupt >= PrivateCount && _gic.VCpuCount > 1)
            {
                _gic.WriteTargets(vcpu, interrupt, one);
            }
        }
    }

    private uint ReadTargets(int vcpu, uint interrupt)
    {
        if (_isVersion3 || _gic.VCpuCount == 1)
        {
            return 0;
        }

        return interrupt < PrivateCount ? 1u << vcpu : _gic.ReadTargets(vcpu, interrupt);
    }

    private ulong ReadConfiguration(int vcpu, uint offset)
    {
        uint first = (offset - Configuration) * 4;
        return first < VirtualGic.InterruptCount && !IsBankedElsewhere(first) ? _gic.ReadConfiguration(vcpu, vcpu, first) : 0;
    }

    private ulong ReadSgiSources(int vcpu, uint offset, int size)
    {
        ulong value = 0;
        for (int i = 0; i < size; i++)
        {
            value |= (ulong)_gic.ReadSgiSources(vcpu, (uint)(offset + i) & 15) << (8 * i);
        }

        return value;
    }

    private ulong ReadVersion3(int vcpu, uint offset, int size)
    {
        if (offset >= EndOfRoutes)
        {
            return size == 4 ? GicIdentification.Read(GicIdentification.Version3Distributor, offset, GicIdentification.OffsetVersion3, size) : 0;
        }

        uint interrupt = (offset - Routes) / 8;
        if (size < 4 || interrupt is < PrivateCount or >= VirtualGic.InterruptCount)
        {
            return 0;
        }

        ulong route = _gic.ReadRoute(vcpu, interrupt);
        return size == 8 ? route : (uint)(route >> (int)((offset & 4) * 8));
    }

    private void WriteRoute(int vcpu, uint offset, int size, ulong value)
    {
        uint interrupt = (offset - Routes) / 8;
        if (offset is < Routes or >= EndOfRoutes || size < 4 || interrupt is < PrivateCount or >= VirtualGic.InterruptCount)
        {
            return;
        }

        int shift = (int)((offset & 4) * 8);
        _gic.WriteRoute(vcpu, interrupt, value << shift, size == 8 ? ulong.MaxValue : 0xffff_fffful << shift);
    }

    /// <summary>GICD_SGIR (IHI 0048, 4.3.15).</summary>
    private void SendSgi(int vcpu, uint value)
    {
        uint targets = (value >> 24 & 3) switch
        {
            0 => value >> 16 & 0xff,
            1 => ~(1u << vcpu),
            2 => 1u << vcpu,
            _ => 0,
        };
        _gic.SendSgiTo(vcpu, targets, value & 15);
    }
}

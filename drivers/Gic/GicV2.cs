using System.Runtime.CompilerServices;
using SharpVisor.Arch;
using SharpVisor.Formats;

namespace SharpVisor.Drivers;

/// <summary>A GICv2 with virtualization extensions (Arm IHI 0048), such as the GIC-400.</summary>
public sealed class GicV2 : InterruptController
{
    /// <summary>Bytes of a CPU interface, physical or virtual (GICC_DIR is in its second page).</summary>
    public const ulong CpuInterfaceSize = 0x2000;

    private const ulong PageSize = 0x1000;
    private const ulong DistributorControl = 0x000;
    private const ulong TypeRegister = 0x004;
    private const ulong GroupBase = 0x080;
    private const ulong SetEnable = 0x100;
    private const ulong ClearEnable = 0x180;
    private const ulong ClearActiveBase = 0x380;
    private const ulong PriorityBase = 0x400;
    private const ulong TargetBase = 0x800;
    private const ulong SgiRegister = 0xf00;

    private const ulong CpuControl = 0x0000;
    private const ulong PriorityMask = 0x0004;
    private const ulong InterruptAcknowledge = 0x000c;
    private const ulong EndOfInterrupt = 0x0010;
    private const ulong DeactivateInterrupt = 0x1000;
    private const uint EnableGroups = 3;
    private const uint SplitEnd = 1 << 9;
    private const byte MiddlePriority = 0xa0;

    private readonly ulong _distributor;
    private readonly ulong _cpu;
    private readonly byte[] _targets = new byte[8];

    private GicV2(ulong distributor, ulong cpu, ulong control, ulong virtualCpu)
    {
        _distributor = distributor;
        _cpu = cpu;
        ControlInterface = control;
        VirtualCpuInterface = virtualCpu;
    }

    /// <inheritdoc/>
    public override int Version => 2;

    /// <summary>GICH: the hypervisor's side of the virtual interface.</summary>
    public ulong ControlInterface { get; }

    /// <summary>GICV: what a guest gets to see as its GICC.</summary>
    public ulong VirtualCpuInterface { get; }

    /// <summary>Finds one with all four register frames in the device tree.</summary>
    public static bool TryProbe(FdtReader tree, out InterruptController? controller)
    {
        controller = null;
        if (!tree.TryFindCompatible(tree.Root, "arm,cortex-a15-gic"u8, out FdtNode node)
            && !tree.TryFindCompatible(tree.Root, "arm,gic-400"u8, out node))
        {
            return false;
        }

        if (!tree.TryGetRegister(node, 0, out ulong distributor, out _) || !tree.TryGetRegister(node, 1, out ulong cpu, out _)
            || !tree.TryGetRegister(node, 2, out ulong control, out _) || !tree.TryGetRegister(node, 3, out ulong virtualCpu, out _))
        {
            return false;
        }

        controller = new GicV2(distributor, cpu, control, virtualCpu);
        return true;
    }

    /// <inheritdoc/>
    public override bool TryGetFrames(int index, out ulong start, out ulong length)
    {
        start = index switch
        {
            0 => _distributor,
            1 => _cpu,
            _ => ControlInterface,
        };
        length = index == 1 ? CpuInterfaceSize : PageSize;
        return index < 3;
    }

    /// <inheritdoc/>
    public override void Initialise()
    {
        Mmio.Write32(_distributor + DistributorControl, 0);
        uint lines = ((Mmio.Read32(_distributor + TypeRegister) & 31) + 1) * 32;
        if (SecureMonitor.IsThere)
        {
            GiveToNonSecure(lines);
        }

        byte self = (byte)Mmio.Read32(_distributor + TargetBase);
        for (uint i = FirstShared; i < lines; i += 32)
        {
            Mmio.Write32(_distributor + ClearEnable + (i / 8), uint.MaxValue);
            Mmio.Write32(_distributor + ClearActiveBase + (i / 8), uint.MaxValue);
        }

        for (uint i = FirstShared; i < lines; i += 4)
        {
            Mmio.Write32(_distributor + PriorityBase + i, MiddlePriority * 0x0101_0101u);
            Mmio.Write32(_distributor + TargetBase + i, self * 0x0101_0101u);
        }

        Mmio.Write32(_distributor + DistributorControl, EnableGroups);
    }

    /// <summary>Every interrupt becomes group 1, and priorities of that group are let through.</summary>
    private void GiveToNonSecure(uint lines)
    {
        for (uint i = 0; i < lines; i += 32)
        {
            SecureMonitor.Write32(_distributor + GroupBase + (i / 8), uint.MaxValue);
        }

        SecureMonitor.Write32(_cpu + PriorityMask, 0xff);
    }

    /// <inheritdoc/>
    public override bool InitialiseCpu(int index, ulong affinity)
    {
        if ((uint)index >= (uint)_targets.Length)
        {
            return false;
        }

        // ITARGETSR0 names the reading CPU's own interface; where there is but one CPU it reads as 0 (IHI 0048, 4.3.12).
        byte self = (byte)Mmio.Read32(_distributor + TargetBase);
        _targets[index] = self == 0 ? (byte)1 : self;
        Mmio.Write32(_distributor + ClearEnable, 0xffff_0000);
        Mmio.Write32(_distributor + ClearActiveBase, uint.MaxValue);
        for (uint i = 0; i < FirstShared; i += 4)
        {
            Mmio.Write32(_distributor + PriorityBase + i, MiddlePriority * 0x0101_0101u);
        }

        Mmio.Write32(_distributor + SetEnable, 0xffff);
        Mmio.Write32(_cpu + PriorityMask, 0xff);
        Mmio.Write32(_cpu + CpuControl, SplitEnd | 1);
        return true;
    }

    /// <inheritdoc/>
    public override void Enable(uint interrupt) => Mmio.Write32(_distributor + SetEnable + (interrupt / 32 * 4), 1u << (int)(interrupt & 31));

    /// <inheritdoc/>
    public override void Disable(uint interrupt) => Mmio.Write32(_distributor + ClearEnable + (interrupt / 32 * 4), 1u << (int)(interrupt & 31));

    /// <inheritdoc/>
    public override void ClearActive(uint interrupt) => Mmio.Write32(_distributor + ClearActiveBase + (interrupt / 32 * 4), 1u << (int)(interrupt & 31));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public override uint Acknowledge()
    {
        uint acknowledged = Mmio.Read32(_cpu + InterruptAcknowledge);
        if (IdOf(acknowledged) < FirstSpecial)
        {
            Mmio.Write32(_cpu + EndOfInterrupt, acknowledged);
        }

        return acknowledged;
    }

    /// <inheritdoc/>
    public override void Deactivate(uint acknowledged) => Mmio.Write32(_cpu + DeactivateInterrupt, acknowledged);

    /// <inheritdoc/>
    public override void SendSgi(int cpu, uint interrupt)
    {
        Barrier.DataSynchronizationInnerShareableStores();
        Mmio.Write32(_distributor + SgiRegister, ((uint)_targets[cpu] << 16) | interrupt);
    }
}

using System.Runtime.CompilerServices;
using SharpVisor.Arch;
using SharpVisor.Formats;

namespace SharpVisor.Drivers;

/// <summary>A GICv3 or GICv4 with system registers and affinity routing (Arm IHI 0069), seen from the non-secure side or with one security state.</summary>
public sealed class GicV3 : InterruptController
{
    private const ulong DistributorSize = 0x1_0000;
    private const ulong DistributorControl = 0x0000;
    private const ulong TypeRegister = 0x0004;
    private const ulong GroupBase = 0x0080;
    private const ulong SetEnable = 0x0100;
    private const ulong ClearEnable = 0x0180;
    private const ulong ClearActiveBase = 0x0380;
    private const ulong PriorityBase = 0x0400;
    private const ulong RouteBase = 0x6000;
    private const uint RegisterWritePending = 1u << 31;
    private const uint AffinityRouting = 1 << 4;
    private const uint EnableGroup1 = 1 << 1;

    private const ulong RedistributorType = 0x0008;
    private const ulong Waker = 0x0014;
    private const ulong SgiFrame = 0x1_0000;
    private const ulong FrameSize = 0x2_0000;
    private const uint ProcessorSleep = 1 << 1;
    private const uint ChildrenAsleep = 1 << 2;
    private const ulong LastRedistributor = 1 << 4;
    private const ulong HasVirtualLpis = 1 << 1;

    private const uint MiddlePriorities = 0xa0a0_a0a0;
    private const int MaximumCpus = 64;
    private const ulong SystemRegisterEnable = 0xf;
    private const ulong SplitEnd = 1 << 1;

    private readonly ulong _distributor;
    private readonly ulong _redistributors;
    private readonly ulong _redistributorsSize;
    private readonly ulong[] _frames = new ulong[MaximumCpus];
    private readonly ulong[] _affinities = new ulong[MaximumCpus];
    private ulong _firstAffinity;

    private GicV3(ulong distributor, ulong redistributors, ulong redistributorsSize)
    {
        _distributor = distributor;
        _redistributors = redistributors;
        _redistributorsSize = redistributorsSize;
    }

    /// <inheritdoc/>
    public override int Version => 3;

    /// <summary>Finds one in the device tree.</summary>
    public static bool TryProbe(FdtReader tree, out InterruptController? controller)
    {
        controller = null;
        if (!tree.TryFindCompatible(tree.Root, "arm,gic-v3"u8, out FdtNode node)
            || !tree.TryGetRegister(node, 0, out ulong distributor, out _)
            || !tree.TryGetRegister(node, 1, out ulong redistributors, out ulong size))
        {
            return false;
        }

        controller = new GicV3(distributor, redistributors, size);
        return true;
    }

    /// <inheritdoc/>
    public override bool TryGetFrames(int index, out ulong start, out ulong length)
    {
        start = index == 0 ? _distributor : _redistributors;
        length = index == 0 ? DistributorSize : _redistributorsSize;
        return index < 2;
    }

    /// <inheritdoc/>
    public override void Initialise()
    {
        Mmio.Write32(_distributor + DistributorControl, 0);
        WaitForWrites();
        uint lines = ((Mmio.Read32(_distributor + TypeRegister) & 31) + 1) * 32;
        if (lines > 1020)
        {
            lines = 1020;
        }

        if (SecureMonitor.IsThere)
        {
            for (uint i = FirstShared; i < lines; i += 32)
            {
                SecureMonitor.Write32(_distributor + GroupBase + (i / 8), uint.MaxValue);
            }
        }

        for (uint i = FirstShared; i < lines; i += 32)
        {
            Mmio.Write32(_distributor + ClearEnable + (i / 8), uint.MaxValue);
            Mmio.Write32(_distributor + ClearActiveBase + (i / 8), uint.MaxValue);
            Mmio.Write32(_distributor + GroupBase + (i / 8), uint.MaxValue);
        }

        for (uint i = FirstShared; i < lines; i += 4)
        {
            Mmio.Write32(_distributor + PriorityBase + i, MiddlePriorities);
        }

        Mmio.Write32(_distributor + DistributorControl, AffinityRouting | EnableGroup1);
        WaitForWrites();
    }

    /// <inheritdoc/>
    public override bool InitialiseCpu(int index, ulong affinity)
    {
        if ((uint)index >= MaximumCpus || !TryFindFrame(affinity, out ulong frame))
        {
            return false;
        }

        _frames[index] = frame;
        _affinities[index] = affinity;
        if (index == 0)
        {
            _firstAffinity = affinity;
        }

        if (SecureMonitor.IsThere)
        {
            SecureMonitor.Write32(frame + Waker, 0);
            SecureMonitor.Write32(frame + SgiFrame + GroupBase, uint.MaxValue);
        }

        Mmio.Write32(frame + Waker, Mmio.Read32(frame + Waker) & ~ProcessorSleep);
        for (int i = 0; i < 1_000_000 && (Mmio.Read32(frame + Waker) & ChildrenAsleep) != 0; i++)
        {
        }

        ulong sgi = frame + SgiFrame;
        Mmio.Write32(sgi + ClearEnable, uint.MaxValue);
        Mmio.Write32(sgi + ClearActiveBase, uint.MaxValue);
        Mmio.Write32(sgi + GroupBase, uint.MaxValue);
        for (uint i = 0; i < FirstShared; i += 4)
        {
            Mmio.Write32(sgi + PriorityBase + i, MiddlePriorities);
        }

        Mmio.Write32(sgi + SetEnable, 0xffff);

        SystemRegisters.WriteIccSreEl2(SystemRegisters.ReadIccSreEl2() | SystemRegisterEnable);
        Barrier.Instruction();
        SystemRegisters.WriteIccSreEl1(SystemRegisters.ReadIccSreEl1() | 1);
        Barrier.Instruction();
        SystemRegisters.WriteIccPmrEl1(0xff);
        SystemRegisters.WriteIccBpr1El1(0);
        SystemRegisters.WriteIccCtlrEl1(SplitEnd);
        SystemRegisters.WriteIccIgrpen1El1(1);
        Barrier.Instruction();
        return true;
    }

    /// <inheritdoc/>
    public override void Enable(uint interrupt)
    {
        if (interrupt < FirstShared)
        {
            Mmio.Write32(CurrentFrame() + SgiFrame + SetEnable, 1u << (int)interrupt);
            return;
        }

        Mmio.Write64(_distributor + RouteBase + (interrupt * 8), _firstAffinity);
        Mmio.Write32(_distributor + SetEnable + (interrupt / 32 * 4), 1u << (int)(interrupt & 31));
    }

    /// <inheritdoc/>
    public override void Disable(uint interrupt) =>
        Mmio.Write32(FrameOf(interrupt) + ClearEnable + (interrupt / 32 * 4), 1u << (int)(interrupt & 31));

    /// <inheritdoc/>
    public override void ClearActive(uint interrupt) =>
        Mmio.Write32(FrameOf(interrupt) + ClearActiveBase + (interrupt / 32 * 4), 1u << (int)(interrupt & 31));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public override uint Acknowledge()
    {
        uint acknowledged = (uint)SystemRegisters.ReadIccIar1El1();
        if (IdOf(acknowledged) < FirstSpecial)
        {
            SystemRegisters.WriteIccEoir1El1(acknowledged);
        }

        return acknowledged;
    }

    /// <inheritdoc/>
    public override void Deactivate(uint acknowledged) => SystemRegisters.WriteIccDirEl1(acknowledged);

    /// <inheritdoc/>
    public override void SendSgi(int cpu, uint interrupt)
    {
        ulong affinity = _affinities[cpu];
        Barrier.DataSynchronizationInnerShareableStores();
        SystemRegisters.WriteIccSgi1rEl1(
            ((affinity >> 32 & 0xff) << 48) | ((affinity >> 16 & 0xff) << 32) | ((affinity >> 8 & 0xff) << 16)
            | ((affinity >> 4 & 0xf) << 44) | ((ulong)interrupt << 24) | (1ul << (int)(affinity & 0xf)));
        Barrier.Instruction();
    }

    private ulong FrameOf(uint interrupt) => interrupt < FirstShared ? CurrentFrame() + SgiFrame : _distributor;

    private ulong CurrentFrame()
    {
        ulong affinity = SystemRegisters.ReadMpidrEl1() & 0xff_00ff_ffff;
        for (int i = 0; i < _affinities.Length; i++)
        {
            if (_affinities[i] == affinity && _frames[i] != 0)
            {
                return _frames[i];
            }
        }

        return _frames[0];
    }

    private bool TryFindFrame(ulong affinity, out ulong frame)
    {
        uint packed = (uint)((affinity >> 32 << 24) | (affinity & 0xff_ffff));
        for (frame = _redistributors; frame < _redistributors + _redistributorsSize;)
        {
            ulong type = Mmio.Read64(frame + RedistributorType);
            if ((uint)(type >> 32) == packed)
            {
                return true;
            }

            if ((type & LastRedistributor) != 0)
            {
                return false;
            }

            frame += (type & HasVirtualLpis) != 0 ? FrameSize * 2 : FrameSize;
        }

        return false;
    }

    private void WaitForWrites()
    {
        for (int i = 0; i < 1_000_000 && (Mmio.Read32(_distributor + DistributorControl) & RegisterWritePending) != 0; i++)
        {
        }
    }
}

using System;
using System.Numerics;
using SharpVisor.Arch;
using SharpVisor.Formats;

namespace SharpVisor.Drivers;

/// <summary>
/// The interrupts of a BCM2836 or BCM2837, which has no GIC: each CPU has a controller of its own for its timers and for
/// the messages of other CPUs (Broadcom, "Quad-A7 control", rev 3.4), and the first CPU gets what the BCM2835's controller
/// collects of all other devices. Interrupts have the INTIDs that a GIC gives them.
/// </summary>
/// <remarks>
/// Every interrupt is a level, and there are neither priorities nor an active state. The virtual timer's, which a guest
/// ends, is masked from its acknowledge to its deactivation; the others end when their handler has dealt with the cause.
/// </remarks>
public sealed class LocalInterruptController : InterruptController
{
    // From the local controller's first register on; those of each CPU follow each other.
    private const ulong DeviceRouting = 0x0c;
    private const ulong TimerControl = 0x40;
    private const ulong MailboxControl = 0x50;
    private const ulong Source = 0x60;
    private const ulong MailboxSet = 0x80;
    private const ulong MailboxClear = 0xc0;
    private const ulong PerCpu = 4;
    private const ulong MailboxesPerCpu = 16;

    // The source register, and with the same numbers the timers' control register.
    private const uint HypervisorTimerBit = 1 << 2;
    private const uint VirtualTimerBit = 1 << 3;
    private const uint MailboxBit = 1 << 4; // the first of four
    private const uint DeviceBit = 1 << 8;

    // INTIDs that a GIC has for them.
    private const uint HypervisorTimer = 26;
    private const uint VirtualTimer = 27;
    private const uint Spurious = 1023;

    private const ulong PageSize = 0x1000;
    private const uint MaximumCpus = 4;
    private const uint AllBits = uint.MaxValue;

    private readonly ulong _local;
    private readonly ulong _devices;
    private readonly uint[] _numbers = new uint[MaximumCpus];

    private LocalInterruptController(ulong local, ulong devices)
    {
        _local = local;
        _devices = devices;
    }

    /// <inheritdoc/>
    public override int Version => 0;

    /// <summary>Finds both controllers in the device tree.</summary>
    public static bool TryProbe(FdtReader tree, out InterruptController? controller)
    {
        controller = null;
        if (!tree.TryFindCompatible(tree.Root, "brcm,bcm2836-l1-intc"u8, out FdtNode local)
            || !tree.TryFindCompatible(tree.Root, "brcm,bcm2836-armctrl-ic"u8, out FdtNode devices)
            || !tree.TryGetRegister(local, 0, out ulong localAddress, out _) || !tree.TryGetRegister(devices, 0, out ulong deviceAddress, out _))
        {
            return false;
        }

        controller = new LocalInterruptController(localAddress, deviceAddress);
        return true;
    }

    /// <inheritdoc/>
    public override bool TryGetFrames(int index, out ulong start, out ulong length)
    {
        start = index == 0 ? _local : _devices & ~(PageSize - 1);
        length = PageSize;
        return index < 2;
    }

    /// <inheritdoc/>
    public override bool TryTranslate(ReadOnlySpan<byte> specifier, out uint interrupt) => VideoCoreInterrupts.TryTranslate(specifier, out interrupt);

    /// <inheritdoc/>
    public override void Initialise()
    {
        for (uint i = FirstShared; i < VideoCoreInterrupts.End; i += 32)
        {
            Mmio.Write32(_devices + VideoCoreInterrupts.DisableRegister(i), AllBits);
        }

        Mmio.Write32(_local + DeviceRouting, Self);
    }

    /// <inheritdoc/>
    public override bool InitialiseCpu(int index, ulong affinity)
    {
        if ((uint)index >= MaximumCpus || affinity >= MaximumCpus)
        {
            return false;
        }

        uint self = (uint)affinity;
        _numbers[index] = self;
        Mmio.Write32(_local + TimerControl + (self * PerCpu), 0);
        Mmio.Write32(_local + MailboxClear + (self * MailboxesPerCpu), AllBits);
        Mmio.Write32(_local + MailboxControl + (self * PerCpu), 1);
        return true;
    }

    /// <inheritdoc/>
    public override void Enable(uint interrupt)
    {
        if (interrupt >= FirstShared)
        {
            if (interrupt < VideoCoreInterrupts.End)
            {
                Mmio.Write32(_devices + VideoCoreInterrupts.EnableRegister(interrupt), VideoCoreInterrupts.Bit(interrupt));
            }
        }
        else
        {
            ChangeTimers(TimerBit(interrupt), AllBits);
        }
    }

    /// <inheritdoc/>
    public override void Disable(uint interrupt)
    {
        if (interrupt >= FirstShared)
        {
            if (interrupt < VideoCoreInterrupts.End)
            {
                Mmio.Write32(_devices + VideoCoreInterrupts.DisableRegister(interrupt), VideoCoreInterrupts.Bit(interrupt));
            }
        }
        else
        {
            ChangeTimers(TimerBit(interrupt), 0);
        }
    }

    /// <inheritdoc/>
    public override void ClearActive(uint interrupt) => Deactivate(interrupt);

    /// <inheritdoc/>
    public override uint Acknowledge()
    {
        uint self = Self;
        uint source = Mmio.Read32(_local + Source + (self * PerCpu));
        if ((source & VirtualTimerBit) != 0)
        {
            ChangeTimers(VirtualTimerBit, 0);
            return VirtualTimer;
        }

        if ((source & MailboxBit) != 0)
        {
            ulong mailbox = _local + MailboxClear + (self * MailboxesPerCpu);
            uint sgi = (uint)BitOperations.TrailingZeroCount(Mmio.Read32(mailbox) | (1u << 31));
            Mmio.Write32(mailbox, 1u << (int)sgi);
            return sgi;
        }

        if ((source & HypervisorTimerBit) != 0)
        {
            return HypervisorTimer;
        }

        if ((source & DeviceBit) != 0)
        {
            uint device = VideoCoreInterrupts.First(
                Mmio.Read32(_devices), Mmio.Read32(_devices + 4), Mmio.Read32(_devices + 8));
            return device == 0 ? Spurious : device;
        }

        return Spurious;
    }

    /// <inheritdoc/>
    public override void Deactivate(uint acknowledged)
    {
        if (acknowledged == VirtualTimer)
        {
            ChangeTimers(VirtualTimerBit, AllBits);
        }
    }

    /// <inheritdoc/>
    public override void SendSgi(int cpu, uint interrupt)
    {
        Barrier.DataSynchronizationInnerShareableStores();
        Mmio.Write32(_local + MailboxSet + (_numbers[cpu] * MailboxesPerCpu), 1u << (int)interrupt);
    }

    private static uint Self => (uint)SystemRegisters.ReadMpidrEl1() & (MaximumCpus - 1);

    private static uint TimerBit(uint interrupt) => interrupt switch
    {
        HypervisorTimer => HypervisorTimerBit,
        VirtualTimer => VirtualTimerBit,
        _ => 0,
    };

    /// <summary>Only the CPU itself changes its register.</summary>
    private void ChangeTimers(uint bits, uint value)
    {
        ulong control = _local + TimerControl + (Self * PerCpu);
        Mmio.Write32(control, (Mmio.Read32(control) & ~bits) | (value & bits));
    }
}

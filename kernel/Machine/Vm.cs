using System;
using System.Threading;
using SharpVisor.Arch;
using SharpVisor.Cpu;
using SharpVisor.Debug;
using SharpVisor.Devices;
using SharpVisor.Devices.Virtio;
using SharpVisor.Interrupts;
using SharpVisor.Machine.Life;
using SharpVisor.Memory;
using SharpVisor.Machine.Loading;
using SharpVisor.Machine.Ram;

namespace SharpVisor.Machine;

/// <summary>A virtual machine: its VCpus, memory, interrupts and devices, and how it starts and stops.</summary>
/// <remarks>
/// Stopping: whoever wants it names the reason and kicks the CPUs; each CPU that holds a VCpu leaves the guest and asks
/// for a review of the VMs, which does what the reason asks for once no CPU holds one (<see cref="VmLife"/>). So nothing
/// is torn down under a running VCpu, and nobody waits.
/// </remarks>
internal sealed class Vm
{
    // Beside a reason: its VCpus are still being taken from the scheduler.
    private const int Removing = 1 << 8;

    private const long PowerOffState = 1; // AFFINITY_INFO

    private readonly byte[] _name;
    private ulong _pausedAt;
    private int _stop;
    private ulong _keyUpAt = VmLife.Never;
    private bool _hasStarted;

    internal Vm(VmEntry entry, int vmid, GuestMemory memory, ulong translationTable)
    {
        _name = entry.Definition.Name;
        Id = entry.Id;
        Definition = entry.Definition;
        Vmid = vmid;
        Memory = memory;
        Ram = new VmRam(memory);
        TranslationTable = translationTable;
    }

    /// <summary>Its number, from 1: that of its definition, which no other ever has.</summary>
    internal readonly int Id;

    /// <summary>What it was made from.</summary>
    internal readonly VmDefinition Definition;

    /// <summary>What marks its translations, 1 to 255.</summary>
    internal readonly int Vmid;

    /// <summary>The memory of its objects.</summary>
    internal ulong Region;

    /// <summary>Bytes of <see cref="Region"/>.</summary>
    internal ulong RegionLength;

    /// <summary>Bytes that it takes beside its RAM: objects, page tables, the page of stolen time, its part of channels.</summary>
    internal ulong Overhead => RegionLength + Memory.Tables + PageTable.PageSize + Cpu.Channels.GetBytes(this) + DiskBytes;

    private ulong DiskBytes
    {
        get
        {
            ulong bytes = 0;
            for (int i = 0; i < Disks.Length; i++)
            {
                bytes += Disks[i].Bytes;
            }

            return bytes;
        }
    }

    /// <summary>RAM.</summary>
    internal readonly GuestMemory Memory;

    /// <summary>The same for the loader.</summary>
    internal readonly VmRam Ram;

    /// <summary>VTTBR_EL2.</summary>
    internal readonly ulong TranslationTable;

    /// <summary>CNTVOFF_EL2: what the guest's virtual counter lags behind the machine's.</summary>
    internal ulong CounterOffset { get; set; }

    /// <summary>Lines that <see cref="GuestLog"/> has written about this VM.</summary>
    internal int LogLines;

    /// <summary>The page of <see cref="Cpu.StolenTime"/>.</summary>
    internal ulong StolenTimePage;

    /// <summary>What its guest has marked.</summary>
    internal readonly MarkRing Marks = new();

    // Set once by VmFactory, before anything runs.
    internal VCpu[] VCpus = null!;
    internal MmioBus Bus = null!;
    internal VirtualGic Gic = null!;
    internal Pl011Device Uart = null!;
    internal Pl061Device Gpio = null!;
    internal VirtioSlots Virtio = null!;
    internal VmDisk[] Disks = null!;
    internal BalloonDevice Balloon = null!;
    internal NetDevice[] Networks = null!;
    internal ConsoleBackend Console = null!;
    internal IdentificationRegisters Identification = null!;
    internal PowerStates Power = null!;
    internal Stage2Translation Translation = null!;
    internal VmChannels Channels = null!;
    internal VmDebugger Debugger = null!;

    /// <summary>Pages that its balloon was asked for because memory was short (<see cref="MemoryPressure"/>); 0 for none.</summary>
    internal uint AskedPages;

    /// <summary>Pages that its balloon was to hold before.</summary>
    internal uint PagesBeforeAsking;

    /// <summary>The machine's counter when its guest was last asked how its memory is used.</summary>
    internal ulong StatisticsAskedAt;

    /// <summary>Name in ASCII.</summary>
    internal ReadOnlySpan<byte> Name => _name;

    /// <summary>Whether somebody wants it stopped and it has not come to rest yet.</summary>
    internal bool IsStopping => Volatile.Read(ref _stop) != (int)VmStop.None;

    /// <summary>What each VCpu had run by then, in ticks.</summary>
    internal readonly ulong[] RunTimeAtStart = new ulong[VirtualGic.MaximumVCpus];

    /// <summary>What each VCpu had waited for a CPU by then, in ticks.</summary>
    internal readonly ulong[] StealTimeAtStart = new ulong[VirtualGic.MaximumVCpus];

    /// <summary>How often it was powered on again: reset, or started after its end.</summary>
    internal int Restarts { get; private set; }

    /// <summary>MPIDR_EL1 affinity fields of a VCpu.</summary>
    internal ulong AffinityOf(int index) => PowerStates.AffinityOf(index);

    /// <summary>VCpu number + 1 that each CPU ran last, by CPU: what its TLB holds for this VM is that one's.</summary>
    internal readonly byte[] LastOn = new byte[Hypervisor.MaximumCpus];

    /// <summary>Lets a VCpu, which is off and resident nowhere, start at an address. False where no CPU has room for it.</summary>
    internal bool TryStartVCpu(int index, ulong entry, ulong argument)
    {
        VCpu vcpu = VCpus[index];
        vcpu.StartAddress = entry;
        vcpu.StartArgument = argument;
        WorldSwitch.Reset(vcpu);
        if (Debugger.Holds(index))
        {
            return true; // it starts when its debugger lets the VM go on
        }

        if (!Dispatcher.TryAdd(vcpu))
        {
            Power.CancelOn(index);
            Log.Error().Text(Name).Text(": VCpu "u8).Decimal((ulong)index).Text(" does not start: no CPU has that much real time left"u8).End();
            return false;
        }

        if (IsStopping)
        {
            Dispatcher.Remove(vcpu); // the stop came meanwhile, and may have passed a VCpu that is added only now
        }

        return true;
    }

    /// <summary>Whether a VCpu is on, or about to be.</summary>
    internal bool IsOn(int index) => Power.AffinityInfo(AffinityOf(index), 0) != PowerOffState;

    /// <summary>Loads the guest and lets its first VCpu start. None of it runs. Where it cannot be, a line says why.</summary>
    internal LifeOutcome PowerOn()
    {
        if (_hasStarted)
        {
            Restarts++;
            ResetDevices();
            Memory.Clear();
        }

        _hasStarted = true;
        for (int i = 0; i < VCpus.Length; i++)
        {
            RunTimeAtStart[i] = VCpus[i].Entity!.RunTime;
            StealTimeAtStart[i] = VCpus[i].Entity!.StealTime;
            StolenTime.Begin(VCpus[i]);
        }

        if (!VmImage.TryLoad(this, out ulong entry, out ulong deviceTree))
        {
            return LifeOutcome.BadImage;
        }

        Power.Reset();
        Debugger.Begin();
        return TryStartVCpu(0, entry, deviceTree) ? LifeOutcome.Done : LifeOutcome.NoCpu;
    }

    /// <summary>The virtual counter of a VM that stands still.</summary>
    internal ulong StoppedCounter => _pausedAt - CounterOffset;

    /// <summary>It stands still from now on: none of it runs.</summary>
    internal void StandStill() => _pausedAt = SystemRegisters.ReadCntpctEl0();

    /// <summary>
    /// Lets it go on where it stood still. That time is left out of its virtual counter. False, with nothing changed, where
    /// the CPUs have no room for what was promised to it.
    /// </summary>
    internal bool GoOn()
    {
        ulong offset = CounterOffset + (SystemRegisters.ReadCntpctEl0() - _pausedAt);
        uint on = 0;
        for (int i = 0; i < VCpus.Length; i++)
        {
            VCpus[i].System!.CounterOffset = offset;
            on |= IsOn(i) && Debugger.LetsRun(i) ? 1u << i : 0;
        }

        if (!Dispatcher.TryAdd(VCpus, on))
        {
            Log.Error().Text(Name).Text(": stays paused: no CPU has that much real time left"u8).End();
            return false;
        }

        CounterOffset = offset;
        return true;
    }

    /// <summary>
    /// Wants it stopped for a reason; the first one counts, but anything counts more than a pause. Every CPU that runs one
    /// of its VCpus leaves it soon, and a review follows.
    /// </summary>
    internal void RequestStop(VmStop reason)
    {
        int before = Interlocked.CompareExchange(ref _stop, (int)reason | Removing, (int)VmStop.None);
        if (before == (int)VmStop.None)
        {
            for (int i = 0; i < VCpus.Length; i++)
            {
                Dispatcher.Remove(VCpus[i]);
            }

            before = Volatile.Read(ref _stop);
            while (!TryReplaceStop(ref before, before & ~Removing))
            {
            }
        }
        else
        {
            while ((before & ~Removing) is (int)VmStop.Pause or (int)VmStop.Break && !TryReplaceStop(ref before, (int)reason | (before & Removing)))
            {
            }
        }

        Hypervisor.AskForReview();
    }

    private bool TryReplaceStop(ref int before, int after)
    {
        int expected = before;
        before = Interlocked.CompareExchange(ref _stop, after, expected);
        return before == expected;
    }

    /// <summary>A CPU has put one of its VCpus aside: perhaps the last one that a stop waits for.</summary>
    internal void NoteLeft()
    {
        if (IsStopping)
        {
            Hypervisor.AskForReview();
        }
    }

    /// <summary>Whether a stop is wanted, and no CPU holds a VCpu any more.</summary>
    internal bool HasLeft
    {
        get
        {
            int reason = Volatile.Read(ref _stop);
            if (reason == (int)VmStop.None || (reason & Removing) != 0)
            {
                return false;
            }

            for (int i = 0; i < VCpus.Length; i++)
            {
                if (Dispatcher.IsChosen(VCpus[i]) || VCpus[i].ResidentOn != null)
                {
                    return false;
                }
            }

            return !IsDiskBusy;
        }
    }

    /// <summary>Whether a disk has a request of the guest: its memory is still needed.</summary>
    private bool IsDiskBusy
    {
        get
        {
            for (int i = 0; i < Disks.Length; i++)
            {
                if (Disks[i].Device.IsBusy)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Goes on with what devices could not finish of their own accord. It asks for another review where more is left.</summary>
    internal void WorkOnDisks()
    {
        for (int i = 0; i < Disks.Length; i++)
        {
            VirtioTransport transport = Disks[i].Device.Transport;
            if (transport.HasWork && !transport.Work(-1))
            {
                Hypervisor.AskForReview();
            }
        }
    }

    /// <summary>Once it <see cref="HasLeft"/>: why. From here on it can be stopped again.</summary>
    internal VmStop TakeReason()
    {
        var reason = (VmStop)Interlocked.Exchange(ref _stop, (int)VmStop.None);
        if (reason is not (VmStop.Pause or VmStop.Break))
        {
            Cpu.Channels.LeaveAll(this); // those whom it shares memory with are told at once
        }

        return reason;
    }

    /// <summary>When <see cref="ReleaseKey"/> is wanted; <see cref="VmLife.Never"/> while the power key is not pressed.</summary>
    internal ulong KeyUpAt => _keyUpAt;

    /// <summary>
    /// Presses the power key, for a second: a guest debounces it, and may have to wait for a CPU before it looks. False where
    /// the guest does not listen to it.
    /// </summary>
    internal bool TryPressKey()
    {
        if (!Gpio.IsListenedTo(GuestMemoryMap.PowerKeyPin))
        {
            return false;
        }

        _keyUpAt = SystemRegisters.ReadCntpctEl0() + SystemRegisters.ReadCntfrqEl0();
        Gpio.SetInput(VirtualGic.Nobody, GuestMemoryMap.PowerKeyPin, isHigh: true);
        return true;
    }

    /// <summary>Lets the power key go, once it was pressed for long enough.</summary>
    internal void ReleaseKey(ulong now)
    {
        if (now >= _keyUpAt)
        {
            _keyUpAt = VmLife.Never;
            Gpio.SetInput(VirtualGic.Nobody, GuestMemoryMap.PowerKeyPin, isHigh: false);
        }
    }

    private void ResetDevices()
    {
        _keyUpAt = VmLife.Never;
        Gic.Reset();
        for (int i = 0; i < Bus.Count; i++)
        {
            Bus[i].Device.Reset();
        }

        for (int i = 0; i < Disks.Length; i++)
        {
            Disks[i].Reset();
        }
    }
}

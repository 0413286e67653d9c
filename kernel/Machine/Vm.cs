using System;
using System.Threading;
using SharpVisor.Arch;
using SharpVisor.Cpu;
using SharpVisor.Debug;
using SharpVisor.Devices;
using SharpVisor.Interrupts;
using SharpVisor.Machine.Loading;
using SharpVisor.Memory;

namespace SharpVisor.Machine;

/// <summary>A virtual machine: its VCpus, memory, interrupts and devices, and how it starts and stops.</summary>
/// <remarks>
/// Stopping: whoever wants it names the reason and kicks the CPUs; each CPU that holds a VCpu leaves the guest; the
/// last one to leave does what the reason asks for. So nothing is torn down under a running VCpu, and nobody waits.
/// </remarks>
internal sealed class Vm
{
    // In place of a reason: the last CPU to leave is at work on the stop.
    private const int Completing = -1;

    // Beside a reason: its VCpus are still being taken from the scheduler.
    private const int Removing = 1 << 8;

    private const long PowerOffState = 1; // AFFINITY_INFO

    private readonly byte[] _name;
    private ulong _pausedAt;
    private int _stop;

    internal Vm(VmDefinition definition, GuestMemory memory, PageTable stage2, ulong translationTable)
    {
        _name = definition.Name;
        Definition = definition;
        Memory = memory;
        Stage2 = stage2;
        TranslationTable = translationTable;
    }

    /// <summary>What it was made from.</summary>
    internal readonly VmDefinition Definition;

    /// <summary>RAM.</summary>
    internal readonly GuestMemory Memory;

    /// <summary>Its stage-2 tables.</summary>
    internal readonly PageTable Stage2;

    /// <summary>VTTBR_EL2.</summary>
    internal readonly ulong TranslationTable;

    /// <summary>CNTVOFF_EL2: what the guest's virtual counter lags behind the machine's.</summary>
    internal ulong CounterOffset { get; set; }

    /// <summary>Lines that <see cref="GuestLog"/> has written about this VM.</summary>
    internal int LogLines;

    // Set once by VmFactory, before anything runs.
    internal VCpu[] VCpus = null!;
    internal MmioBus Bus = null!;
    internal VirtualGic Gic = null!;
    internal Pl011Device Uart = null!;
    internal ConsoleBackend Console = null!;
    internal IdentificationRegisters Identification = null!;
    internal PowerStates Power = null!;

    /// <summary>Name in ASCII.</summary>
    internal ReadOnlySpan<byte> Name => _name;

    /// <summary>Whether somebody wants it stopped and it has not come to rest yet.</summary>
    internal bool IsStopping => Volatile.Read(ref _stop) != (int)VmStop.None;

    /// <summary>Whether it has come to its end.</summary>
    internal bool HasEnded { get; private set; }

    /// <summary>Whether it was ever powered on.</summary>
    internal bool HasStarted { get; private set; }

    /// <summary>Whether it runs, or stands still only for a while.</summary>
    internal bool IsAlive => HasStarted && !HasEnded;

    /// <summary>The machine's counter when it was last powered on.</summary>
    internal ulong StartedAt { get; private set; }

    /// <summary>What each VCpu had run by then, in ticks.</summary>
    internal readonly ulong[] RunTimeAtStart = new ulong[VirtualGic.MaximumVCpus];

    /// <summary>What each VCpu had waited for a CPU by then, in ticks.</summary>
    internal readonly ulong[] StealTimeAtStart = new ulong[VirtualGic.MaximumVCpus];

    /// <summary>How often it was powered on again: reset, or started after its end.</summary>
    internal int Restarts { get; private set; }

    /// <summary>Whether it stands still until <see cref="Resume"/>.</summary>
    internal bool IsPaused { get; private set; }

    /// <summary>Whether its end was not the guest's own power-off.</summary>
    internal bool HasCrashed { get; private set; }

    /// <summary>MPIDR_EL1 affinity fields of a VCpu.</summary>
    internal ulong AffinityOf(int index) => PowerStates.AffinityOf(index);

    /// <summary>VCpu number + 1 that each CPU ran last, by CPU: what its TLB holds for this VM is that one's.</summary>
    internal readonly byte[] LastOn = new byte[Hypervisor.MaximumCpus];

    /// <summary>Lets a VCpu, which is off and resident nowhere, start at an address.</summary>
    internal void StartVCpu(int index, ulong entry, ulong argument)
    {
        VCpu vcpu = VCpus[index];
        vcpu.StartAddress = entry;
        vcpu.StartArgument = argument;
        WorldSwitch.Reset(vcpu);
        if (!Dispatcher.TryAdd(vcpu))
        {
            Log.Line().Text(Name).Text(": VCpu "u8).Decimal((ulong)index).Text(" does not start: no CPU has that much real time left"u8).End();
            Power.ConfirmOn(index);
            Power.ConfirmOff(index);
        }

        RemoveWhereTooLate(vcpu);
    }

    /// <summary>A stop that came meanwhile may have passed a VCpu that is added only now.</summary>
    private void RemoveWhereTooLate(VCpu vcpu)
    {
        if (IsStopping || HasEnded)
        {
            Dispatcher.Remove(vcpu);
        }
    }

    /// <summary>Whether a VCpu is on, or about to be.</summary>
    internal bool IsOn(int index) => Power.AffinityInfo(AffinityOf(index), 0) != PowerOffState;

    /// <summary>Powers on a VM that was made or has ended. False, with a line that says why, where it can't be loaded.</summary>
    internal bool TryStart()
    {
        if (HasEnded)
        {
            ResetDevices();
            HasEnded = false;
            HasCrashed = false;
        }

        return TryPowerOn();
    }

    /// <summary>Loads the guest and lets its first VCpu start.</summary>
    private bool TryPowerOn()
    {
        Restarts += HasStarted ? 1 : 0;
        HasStarted = true;
        StartedAt = SystemRegisters.ReadCntpctEl0();
        for (int i = 0; i < VCpus.Length; i++)
        {
            RunTimeAtStart[i] = VCpus[i].Entity!.RunTime;
            StealTimeAtStart[i] = VCpus[i].Entity!.StealTime;
        }

        if (!VmImage.TryLoad(this, out ulong entry, out ulong deviceTree))
        {
            HasEnded = true;
            HasCrashed = true;
            Volatile.Write(ref _stop, (int)VmStop.None);
            return false;
        }

        Power.Reset();
        Volatile.Write(ref _stop, (int)VmStop.None); // from here on it can be stopped again
        StartVCpu(0, entry, deviceTree);
        return true;
    }

    /// <summary>Lets a paused VM go on. The time for which it stood is left out of its virtual counter.</summary>
    internal void Resume()
    {
        IsPaused = false;
        CounterOffset += SystemRegisters.ReadCntpctEl0() - _pausedAt;
        for (int i = 0; i < VCpus.Length; i++)
        {
            VCpus[i].System!.CounterOffset = CounterOffset;
            if (IsOn(i))
            {
                Dispatcher.TryAdd(VCpus[i]);
                RemoveWhereTooLate(VCpus[i]);
            }
        }
    }

    /// <summary>
    /// Stops the VM for a reason; the first one counts, but anything counts more than a pause. Every CPU that runs one of
    /// its VCpus leaves it soon.
    /// </summary>
    internal void RequestStop(VmStop reason)
    {
        if (HasEnded)
        {
            return;
        }

        int before = Interlocked.CompareExchange(ref _stop, (int)reason | Removing, (int)VmStop.None);
        if (before == (int)VmStop.None)
        {
            IsPaused = false; // if it was, nothing of it runs, so that it can be stopped at once
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
            while (before is (int)VmStop.Pause or ((int)VmStop.Pause | Removing) && !TryReplaceStop(ref before, (int)reason | (before & Removing)))
            {
            }
        }

        CompleteStopWhenQuiet();
    }

    private bool TryReplaceStop(ref int before, int after)
    {
        int expected = before;
        before = Interlocked.CompareExchange(ref _stop, after, expected);
        return before == expected;
    }

    /// <summary>Where a stop is wanted and no CPU holds a VCpu any more: does what the reason asks for.</summary>
    internal void CompleteStopWhenQuiet()
    {
        int reason = Volatile.Read(ref _stop);
        if (reason is (int)VmStop.None or Completing || (reason & Removing) != 0)
        {
            return;
        }

        for (int i = 0; i < VCpus.Length; i++)
        {
            if (Dispatcher.IsChosen(VCpus[i]) || VCpus[i].ResidentOn != null)
            {
                return;
            }
        }

        if (Interlocked.CompareExchange(ref _stop, Completing, reason) == reason)
        {
            Complete((VmStop)reason);
        }
    }

    private void Complete(VmStop reason)
    {
        if (reason == VmStop.Pause)
        {
            _pausedAt = SystemRegisters.ReadCntpctEl0();
            IsPaused = true;
            Volatile.Write(ref _stop, (int)VmStop.None);
            Log.Line().Text(Name).Text(": paused"u8).End();
            return;
        }

        Log.Line().Text(Name).Text(reason switch
        {
            VmStop.PowerOff => ": powered off"u8,
            VmStop.Reset => ": reset"u8,
            VmStop.Crash => ": crashed"u8,
            _ => ": stopped from the console"u8,
        }).End();

        if (reason == VmStop.Reset)
        {
            ResetDevices();
            if (TryPowerOn())
            {
                return;
            }
        }

        HasCrashed |= reason == VmStop.Crash;
        HasEnded = true;
        Volatile.Write(ref _stop, (int)VmStop.None);
        Hypervisor.VmEnded(reason == VmStop.Killed);
    }

    private void ResetDevices()
    {
        Gic.Reset();
        for (int i = 0; i < Bus.Count; i++)
        {
            Bus[i].Device.Reset();
        }
    }
}

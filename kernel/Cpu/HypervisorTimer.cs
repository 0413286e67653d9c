using SharpVisor.Arch;
using SharpVisor.Debug;
using SharpVisor.Machine;
using SharpVisor.Scheduling;

namespace SharpVisor.Cpu;

/// <summary>
/// The EL2 physical timer of a CPU (CNTHP, Arm ARM D12.2), shared by those that wait for a time: the resident guest's
/// emulated physical timer, the watch over guests that spin, the scheduler with its sleepers, the console's tick, the scan
/// of pages, and the samples of a profile. It is set to whichever comes first. Only its own CPU uses it. All times are values of the
/// physical counter.
/// </summary>
internal sealed unsafe class HypervisorTimer
{
    /// <summary>No time to wait for.</summary>
    internal const ulong Never = ulong.MaxValue;

    private const ulong Enable = 1;

    // In an order in which no two are set together side by side: the compiler would use a SIMD register for that.
    private ulong _guestTimer = Never;
    private ulong _scheduler = Never;
    private ulong _watch = Never;
    private ulong _programmed = Never;
    private ulong _tick = Never;
    private ulong _scan = Never;
    private ulong _sample = Never;
    private ulong _seldom = Never; // the earliest of the last three
    private ulong _samplePeriod;

    /// <summary>Sets when the guest's physical timer is due.</summary>
    internal void SetGuestTimer(ulong time)
    {
        _guestTimer = time;
        Program();
    }

    /// <summary>Notes when the watch is due; <see cref="Program"/> follows.</summary>
    internal void NoteWatch(ulong time) => _watch = time;

    /// <summary>Notes when the scheduler has to be asked again, or a sleeper is due; <see cref="Program"/> follows.</summary>
    internal void NoteScheduler(ulong time) => _scheduler = time;

    /// <summary>Sets when the console's next second is over.</summary>
    internal void SetTick(ulong time)
    {
        _tick = time;
        ProgramSeldom();
    }

    /// <summary>Sets when pages are looked at again (<see cref="PageScan"/>).</summary>
    internal void SetScan(ulong time)
    {
        _scan = time;
        ProgramSeldom();
    }

    /// <summary>Looks at what the guest does every so often (<see cref="EventTrace.Sample"/>); 0 ends it.</summary>
    internal void StartSamples(ulong period)
    {
        if (period != _samplePeriod)
        {
            _samplePeriod = period;
            _sample = period == 0 ? Never : SystemRegisters.ReadCntpctEl0() + period;
            ProgramSeldom();
        }
    }

    /// <summary>Whether <see cref="SetScan"/> has set a time that has not come.</summary>
    internal bool IsScanSet => _scan != Never;

    /// <summary>As <see cref="NoteScheduler"/>, where that is earlier than what is noted.</summary>
    internal void NoteSchedulerNoLaterThan(ulong time)
    {
        if (time < _scheduler)
        {
            _scheduler = time;
        }
    }

    /// <summary>The resident VCpu leaves: nothing of it is due any more. <see cref="Program"/> follows.</summary>
    internal void StopGuest()
    {
        _guestTimer = Never;
        _watch = Never;
    }

    /// <summary>The timer's interrupt.</summary>
    internal void Handle(PhysicalCpu cpu)
    {
        ulong now = SystemRegisters.ReadCntpctEl0();
        VCpu? resident = cpu.Resident;
        if (_guestTimer <= now && resident != null)
        {
            resident.PhysicalTimer!.Update();
        }

        if (_watch <= now && resident != null)
        {
            resident.Watch!.Look(now);
        }

        if (_scheduler <= now)
        {
            _scheduler = Never;
            Dispatcher.WakeDue(cpu, now);
            cpu.MustPick = true;
        }

        if (_tick <= now)
        {
            _tick = Never;
            Trap.Rarely(&Tick, resident ?? cpu.Idle, 0, 0, 0);
        }

        if (_scan <= now)
        {
            _scan = Never;
            Trap.Rarely(&Scan, resident ?? cpu.Idle, 0, 0, 0);
        }

        if (_sample <= now)
        {
            _sample = now + _samplePeriod;
            if (resident != null && resident.Entity!.State == SchedulingState.Running)
            {
                Trap.Rarely(&Sample, resident, 0, 0, 0);
            }
        }

        _seldom = Seldom;
        _programmed = 0; // whatever comes next, the timer must be set anew or it stays asserted
        Program();
    }

    private static VCpu Tick(VCpu current, ulong unused1, ulong unused2, ulong unused3)
    {
        Hypervisor.Tick();
        return current;
    }

    private static VCpu Sample(VCpu current, ulong unused1, ulong unused2, ulong unused3)
    {
        EventTrace.Sample(current);
        return current;
    }

    private static VCpu Scan(VCpu current, ulong unused1, ulong unused2, ulong unused3)
    {
        PageScan.Step();
        return current;
    }

    private ulong Seldom
    {
        get
        {
            ulong next = _tick < _scan ? _tick : _scan;
            return next < _sample ? next : _sample;
        }
    }

    private void ProgramSeldom()
    {
        _seldom = Seldom;
        Program();
    }

    /// <summary>Sets the timer to the earliest of the times. Before a CPU enters a guest or waits, it has been called after every change.</summary>
    internal void Program()
    {
        ulong next = _guestTimer < _watch ? _guestTimer : _watch;
        next = next < _scheduler ? next : _scheduler;
        next = next < _seldom ? next : _seldom;
        if (next == _programmed)
        {
            return;
        }

        _programmed = next;
        if (next == Never)
        {
            SystemRegisters.WriteCnthpCtlEl2(0);
        }
        else
        {
            SystemRegisters.WriteCnthpCvalEl2(next);
            SystemRegisters.WriteCnthpCtlEl2(Enable);
        }
    }
}

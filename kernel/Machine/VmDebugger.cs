using System;
using System.Threading;
using SharpVisor.Cpu;
using SharpVisor.Debug.Gdb;
using SharpVisor.Formats;
using SharpVisor.Machine.Life;

namespace SharpVisor.Machine;

/// <summary>
/// A VM as a debugger has it: it stands still and goes on as a whole, by the same ways as a VM that a person pauses. While
/// nobody is attached it costs nothing.
/// </summary>
/// <remarks>
/// Everything is done under the lock of the machine's control, and what concerns VCpus while they are on no CPU, but for
/// <see cref="Note"/> and the look at breakpoints, which are a running VCpu's own.
/// </remarks>
internal sealed partial class VmDebugger : DebugTarget
{
    private const uint AllThreads = uint.MaxValue;

    private readonly Vm _vm;
    private readonly StepState[] _steps;
    private Phase _phase;
    private DebugStop _stop;
    private DebugStop _noted;
    private int _isNoted;
    private uint _runMask = AllThreads;
    private uint _ranged;
    private bool _isRunning;
    private bool _haltsAtStart;

    internal VmDebugger(Vm vm, int vcpus)
    {
        _vm = vm;
        _steps = new StepState[vcpus];
        Server = new GdbServer(this);
    }

    private enum Phase
    {
        /// <summary>Nobody is there.</summary>
        Detached,

        /// <summary>Somebody is there; the VM has not come to a stop yet.</summary>
        Attaching,

        /// <summary>Somebody is there.</summary>
        Attached,

        /// <summary>Who was there has gone; the VM has not come to a stop yet.</summary>
        Leaving,
    }

    /// <summary>What speaks with gdb.</summary>
    internal GdbServer Server { get; }

    /// <summary>Bytes from gdb that were taken since it came.</summary>
    internal ulong InputTaken { get; private set; }

    /// <summary>Whether somebody is attached.</summary>
    internal bool IsAttached => _phase != Phase.Detached;

    /// <summary>Whether the VM stands still for its debugger: nobody else may let it go on.</summary>
    internal bool IsHolding => _phase == Phase.Attached && !_isRunning;

    /// <inheritdoc/>
    public override int ThreadCount => _vm.VCpus.Length;

    /// <inheritdoc/>
    public override bool IsStopped => IsHolding;

    /// <inheritdoc/>
    public override DebugStop Stop => _stop;

    /// <inheritdoc/>
    public override bool StepsIntoInterrupts { get; set; }

    /// <summary>
    /// Somebody attaches. A VM that runs comes to a stop; one that does not is started, and stands still before its first
    /// instruction; one that crashed and was kept stays as it is.
    /// </summary>
    internal LifeOutcome Attach(VmEntry entry)
    {
        if (IsAttached)
        {
            return LifeOutcome.WrongState;
        }

        _phase = Phase.Attaching;
        _isRunning = false;
        _runMask = AllThreads;
        _stop = default;
        InputTaken = 0;
        ForgetPoints();
        Server.Begin();
        LifeOutcome outcome = LifeOutcome.Done;
        if (entry.State == LifeState.Running)
        {
            _vm.RequestStop(VmStop.Break);
        }
        else if (entry.State != LifeState.Paused && !IsKept(entry))
        {
            _haltsAtStart = true;
            outcome = entry.Request(LifeRequest.Start);
            if (outcome != LifeOutcome.Done)
            {
                _haltsAtStart = false;
                _phase = Phase.Detached;
                return outcome;
            }
        }

        Review(entry);
        return outcome;
    }

    /// <summary>Takes what gdb sent.</summary>
    /// <param name="entry">The VM.</param>
    /// <param name="position">Position of the first byte: how many gdb had sent before.</param>
    /// <param name="bytes">The bytes; those that were taken before are passed over.</param>
    internal void Take(VmEntry entry, ulong position, ReadOnlySpan<byte> bytes)
    {
        Review(entry);
        ulong skip = InputTaken - position;
        if (_phase == Phase.Attached && skip <= (ulong)bytes.Length)
        {
            InputTaken += (uint)Server.Take(bytes.Slice((int)skip));
        }

        Review(entry);
        Server.Poll();
    }

    /// <summary>Whoever was attached has gone without a word: the VM does what its definition says.</summary>
    internal void Lose(VmEntry entry)
    {
        if (!IsAttached)
        {
            return;
        }

        _phase = Phase.Leaving;
        if (entry.State == LifeState.Running && entry.IsSettled)
        {
            _vm.RequestStop(VmStop.Break);
        }

        Review(entry);
    }

    /// <summary>Looks whether the VM has come to where its debugger waits for it.</summary>
    internal void Review(VmEntry entry)
    {
        if (_phase == Phase.Detached || !entry.IsSettled || _vm.IsStopping)
        {
            return;
        }

        switch (entry.State)
        {
            case LifeState.Running:
                break;
            case LifeState.Paused:
                Collect(entry);
                break;
            case LifeState.Crashed when IsKept(entry):
                Note(0, DebugStopKind.Crashed, 0);
                Collect(entry);
                break;
            default:
                _stop.Kind = DebugStopKind.Ended;
                if (_phase == Phase.Leaving)
                {
                    Release();
                }

                break;
        }

        Server.Poll();
    }

    /// <summary>A running VCpu has met something. The first one counts.</summary>
    internal void Note(int thread, DebugStopKind kind, ulong address)
    {
        if (Interlocked.CompareExchange(ref _isNoted, 1, 0) == 0)
        {
            _noted.Kind = kind;
            _noted.Thread = thread;
            _noted.Address = address;
        }
    }

    /// <summary>The VM is powered on; its memory is loaded, and none of it runs.</summary>
    internal void Begin()
    {
        _isNoted = 0;
        if (IsAttached)
        {
            _runMask = AllThreads;
            _ranged = 0;
            ForgetSteps();
            InsertAgain();
        }
    }

    /// <summary>Whether a VCpu that is started now has to wait for the debugger.</summary>
    internal bool Holds(int index)
    {
        if (!IsAttached)
        {
            return false;
        }

        if (index == 0 && (_haltsAtStart || IsHolding))
        {
            _haltsAtStart = false;
            _vm.RequestStop(VmStop.Break);
            return true;
        }

        return (_runMask >> index & 1) == 0;
    }

    /// <summary>Whether a VCpu goes on when the VM does.</summary>
    internal bool LetsRun(int index) => !IsAttached || (_runMask >> index & 1) != 0;

    /// <summary>A VCpu was reset: what the debugger wants of its registers is put there anew.</summary>
    internal void Apply(VCpu vcpu)
    {
        if (_phase is Phase.Attached or Phase.Leaving)
        {
            vcpu.System!.BeginDebugging();
            ApplyPoints(vcpu);
        }
    }

    /// <inheritdoc/>
    public override void Interrupt()
    {
        VmEntry? entry = VmTable.Find(_vm.Id);
        if (_isRunning && entry != null && entry.State == LifeState.Running && entry.IsSettled)
        {
            _vm.RequestStop(VmStop.Break);
        }
    }

    /// <inheritdoc/>
    public override void Detach()
    {
        Release();
        VmEntry? entry = VmTable.Find(_vm.Id);
        if (entry != null && entry.State == LifeState.Paused)
        {
            entry.Request(LifeRequest.Resume);
        }
    }

    /// <inheritdoc/>
    public override void Kill()
    {
        Release();
        VmEntry? entry = VmTable.Find(_vm.Id);
        if (entry != null)
        {
            entry.Request(LifeRequest.Stop);
            Hypervisor.AskForReview();
        }
    }

    /// <inheritdoc/>
    public override bool TryRestart()
    {
        VmEntry? entry = VmTable.Find(_vm.Id);
        if (entry == null || !IsHolding)
        {
            return false;
        }

        _haltsAtStart = true;
        LifeOutcome outcome = entry.Request(entry.State == LifeState.Paused ? LifeRequest.Reset : LifeRequest.Start);
        _haltsAtStart = false;
        if (outcome != LifeOutcome.Done)
        {
            return false;
        }

        _isNoted = 0;
        _stop = default;
        return true;
    }

    /// <inheritdoc/>
    public override bool TryResume(ReadOnlySpan<DebugResume> threads)
    {
        VmEntry? entry = VmTable.Find(_vm.Id);
        if (entry == null || !IsHolding || entry.State != LifeState.Paused)
        {
            return false;
        }

        uint mask = 0;
        int done = -1;
        _ranged = 0;
        for (int i = 0; i < threads.Length; i++)
        {
            if (!threads[i].Runs || !_vm.IsOn(i))
            {
                done = done < 0 && threads[i].Steps ? i : done; // it is off: there is nothing to step
            }
            else if (threads[i].Steps && TryEmulate(i))
            {
                done = i;
            }
            else
            {
                mask |= 1u << i;
                _steps[i].Monitor.IsSet &= threads[i].Steps;
                if (threads[i].Steps)
                {
                    BeginStep(i);
                    _steps[i].RangeStart = threads[i].RangeStart;
                    _steps[i].RangeEnd = threads[i].RangeEnd;
                    _ranged |= threads[i].RangeEnd > threads[i].RangeStart ? 1u << i : 0;
                }
            }
        }

        if (done >= 0 || mask == 0)
        {
            EndSteps();
            _stop.Kind = DebugStopKind.Trap;
            _stop.Thread = done >= 0 ? done : _stop.Thread;
            return true;
        }

        return TryGoOn(entry, mask);
    }

    private static bool IsKept(VmEntry entry) => entry.State == LifeState.Crashed && entry.Definition.OnCrash == BundleCrashPolicy.Keep;

    private bool TryGoOn(VmEntry entry, uint mask)
    {
        _isNoted = 0;
        _runMask = mask;
        _isRunning = true;
        if (entry.Request(LifeRequest.Resume) == LifeOutcome.Done)
        {
            return true;
        }

        _isRunning = false;
        EndSteps();
        return false;
    }

    /// <summary>The VM stands still.</summary>
    private void Collect(VmEntry entry)
    {
        if (_phase != Phase.Attached)
        {
            for (int i = 0; i < ThreadCount; i++)
            {
                _vm.VCpus[i].System!.BeginDebugging();
            }

            TakeNoted();
        }

        if (_isRunning)
        {
            EndSteps();
            _isRunning = false;
            TakeNoted();
            if (_phase == Phase.Attached && IsInRange() && TryStepOn(entry))
            {
                return;
            }
        }

        if (_phase == Phase.Leaving)
        {
            Release();
            BundleDebuggerPolicy policy = entry.Definition.OnDebuggerLost;
            if (entry.State == LifeState.Paused && policy != BundleDebuggerPolicy.Pause)
            {
                entry.Request(policy == BundleDebuggerPolicy.Stop ? LifeRequest.Stop : LifeRequest.Resume);
                Hypervisor.AskForReview();
            }

            return;
        }

        _phase = Phase.Attached;
    }

    private void TakeNoted()
    {
        int thread = _stop.Thread;
        _stop = default;
        _stop.Thread = thread;
        if (_isNoted != 0)
        {
            _stop = _noted;
        }
    }

    /// <summary>Whether the step that ended is one of those that go on, as long as they are in their range.</summary>
    private bool IsInRange()
    {
        int thread = _stop.Thread;
        ref StepState step = ref _steps[thread];
        ulong pc = _vm.VCpus[thread].Pc;
        return _stop.Kind == DebugStopKind.Trap && (_ranged >> thread & 1) != 0 && step.WasStep && pc >= step.RangeStart && pc < step.RangeEnd
            && !IsPointAt(pc);
    }

    private bool TryStepOn(VmEntry entry)
    {
        for (int i = 0; i < ThreadCount; i++)
        {
            if (_steps[i].WasStep && !TryEmulate(i))
            {
                BeginStep(i);
            }
        }

        // One that was emulated has no step to begin: gdb is told, and asks for the next.
        if (!_steps[_stop.Thread].IsStepping)
        {
            EndSteps();
            return false;
        }

        return TryGoOn(entry, _runMask);
    }

    /// <summary>Nobody is attached any more: the guest has everything back.</summary>
    private void Release()
    {
        EndSteps();
        RemovePoints();
        for (int i = 0; i < ThreadCount; i++)
        {
            _vm.VCpus[i].System!.EndDebugging();
        }

        _phase = Phase.Detached;
        _runMask = AllThreads;
        _isRunning = false;
    }
}

using SharpVisor.Formats;

namespace SharpVisor.Machine.Life;

/// <summary>
/// The life of one VM: what it is to become, what it does at the moment, and the next step from here to there. A
/// request says what it is to become and goes as far as it can; what waits for CPUs to leave the guest goes on when
/// <see cref="Review"/> is called. So every request can follow every other at once, and none of them waits.
/// </summary>
/// <remarks>A policy, no mechanism: the steps themselves are the heir's. The caller holds one lock over every call.</remarks>
public abstract class VmLife
{
    /// <summary>Nothing to wait for.</summary>
    public const ulong Never = ulong.MaxValue;

    // A guest may reset itself that often in a row, however fast; then it waits an eighth of a second and more.
    private const int FreeResets = 8;
    private const int ResetShift = 3;

    private readonly BundleCrashPolicy _policy;
    private readonly ulong _second;
    private VmPhase _phase;
    private VmTarget _target;
    private BackOff _crashes;
    private BackOff _resets;
    private ulong _startedAt;
    private ulong _restartAt;
    private bool _mustStop;
    private bool _mustDestroy;
    private bool _hasCrashed;
    private bool _isAskedToEnd;
    private bool _hasEndedByItself;

    /// <summary>Begins a life, as a definition.</summary>
    /// <param name="policy">What is done after a crash.</param>
    /// <param name="second">Ticks of <see cref="Now"/> in a second.</param>
    protected VmLife(BundleCrashPolicy policy, ulong second)
    {
        _policy = policy;
        _second = second;
    }

    /// <summary>What it is, or becomes as soon as what was asked for is done.</summary>
    public LifeState State => _target switch
    {
        VmTarget.Defined or VmTarget.Gone => LifeState.Defined,
        VmTarget.Created => LifeState.Created,
        _ when _hasCrashed && _phase == VmPhase.Ended => LifeState.Crashed,
        VmTarget.Paused => LifeState.Paused,
        VmTarget.Stopped => LifeState.Stopped,
        _ => LifeState.Running,
    };

    /// <summary>Whether it is what it is to become, and waits for nothing but perhaps a time.</summary>
    public bool IsSettled => _phase is not (VmPhase.Leaving or VmPhase.Releasing);

    /// <summary>Whether what it has is to be given back: nobody may look at that any more.</summary>
    public bool IsBeingDestroyed => _mustDestroy;

    /// <summary>Whether it is about to vanish with its definition: nobody may ask for it any more.</summary>
    public bool IsLeavingForGood => _target == VmTarget.Gone;

    /// <summary>Whether it runs, stands still only for a while, begins anew by itself, or is kept to be looked at.</summary>
    public bool IsAlive => _target is VmTarget.Running or VmTarget.Paused
        || (State == LifeState.Crashed && _policy == BundleCrashPolicy.Keep);

    /// <summary>Whether its end was a crash, or its beginning failed.</summary>
    public bool HasCrashed => _hasCrashed;

    /// <summary>When it was last powered on.</summary>
    public ulong StartedAt => _startedAt;

    /// <summary>When it begins anew by itself; <see cref="Never"/> where it does not.</summary>
    public ulong RestartAt => _phase == VmPhase.Ended && IsToRun && !_mustDestroy && _restartAt != 0 ? _restartAt : Never;

    private bool IsToRun => _target is VmTarget.Running or VmTarget.Paused;

    /// <summary>The time in ticks.</summary>
    protected abstract ulong Now { get; }

    /// <summary>Whether the definition goes when the VM is destroyed.</summary>
    protected abstract bool GoesWithVm { get; }

    /// <summary>Whether somebody wants the VCpus off their CPUs.</summary>
    protected abstract bool IsStopping { get; }

    /// <summary>Whether no CPU has one of the VCpus any more, and none will take one up.</summary>
    protected abstract bool HasLeft { get; }

    /// <summary>Whether no CPU can be on its way out of the VM any more.</summary>
    protected abstract bool IsReleasable { get; }

    /// <summary>Gives it memory, VCpus and devices. Says why where it cannot.</summary>
    protected abstract LifeOutcome Make();

    /// <summary>Puts the guest into memory and lets its first VCpu start. Says why where it cannot.</summary>
    protected abstract LifeOutcome PowerOn();

    /// <summary>Asks the VCpus off their CPUs; a reason that is there already stays, but for a pause.</summary>
    protected abstract void Leave(VmStop reason);

    /// <summary>The VCpus have left: why. Nobody wants that from now on.</summary>
    protected abstract VmStop TakeReason();

    /// <summary>It stands still from now on.</summary>
    protected abstract void StandStill();

    /// <summary>It goes on.</summary>
    protected abstract LifeOutcome GoOn();

    /// <summary>Everything outside lets go of what it has, though its VCpus may still be on their way off their CPUs.</summary>
    protected abstract void Hide();

    /// <summary>Begins to wait until no CPU can be on its way out of it.</summary>
    protected abstract void BeginRelease();

    /// <summary>Gives back all that it has.</summary>
    protected abstract void Release();

    /// <summary>Takes the definition away; the object may be gone afterwards.</summary>
    protected abstract void Vanish();

    /// <summary>Says what has happened.</summary>
    /// <param name="what">What.</param>
    /// <param name="wait">For <see cref="LifeEvent.RestartsLater"/>: seconds.</param>
    protected abstract void Say(LifeEvent what, ulong wait);

    /// <summary>Takes a request, and goes as far with it as can be gone at once. The object may be gone afterwards.</summary>
    public LifeOutcome Request(LifeRequest request) => request switch
    {
        LifeRequest.Create => Create(),
        LifeRequest.Start => Start(),
        LifeRequest.Pause => State == LifeState.Running ? Become(VmTarget.Paused) : LifeOutcome.WrongState,
        LifeRequest.Resume => State == LifeState.Paused ? Become(VmTarget.Running) : LifeOutcome.WrongState,
        LifeRequest.Reset => Reset(),
        LifeRequest.Stop => Stop(),
        _ => Destroy(),
    };

    /// <summary>A person has asked the guest to end: when it does, it has not ended by itself.</summary>
    public void NoteAskedToEnd() => _isAskedToEnd = true;

    /// <summary>Goes on where there is something to go on with: CPUs have left it, or a time has come. The object may be gone afterwards.</summary>
    public void Review() => Settle(isAsked: false);

    /// <summary>Whether it has come to an end that no person wanted, since the last time this was asked.</summary>
    public bool TakeEndedByItself()
    {
        bool ended = _hasEndedByItself;
        _hasEndedByItself = false;
        return ended;
    }

    private LifeOutcome Create() => State == LifeState.Defined && !IsLeavingForGood ? Become(VmTarget.Created) : LifeOutcome.WrongState;

    private LifeOutcome Start()
    {
        if (State is LifeState.Running or LifeState.Paused || IsLeavingForGood)
        {
            return LifeOutcome.WrongState;
        }

        _crashes.Forget();
        _resets.Forget();
        _restartAt = 0;
        return Become(VmTarget.Running);
    }

    private LifeOutcome Reset()
    {
        if (State is not (LifeState.Running or LifeState.Paused))
        {
            return LifeOutcome.WrongState;
        }

        _mustStop = true;
        return Become(VmTarget.Running);
    }

    private LifeOutcome Stop()
    {
        if (State is not (LifeState.Running or LifeState.Paused) && RestartAt == Never)
        {
            return LifeOutcome.WrongState;
        }

        _mustStop = true;
        return Become(_mustDestroy ? VmTarget.Created : VmTarget.Stopped);
    }

    private LifeOutcome Destroy()
    {
        if (IsLeavingForGood || (State == LifeState.Defined && !GoesWithVm))
        {
            return LifeOutcome.WrongState;
        }

        if (!_mustDestroy && _phase != VmPhase.Defined)
        {
            Hide();
        }

        _mustDestroy = true;
        return Become(GoesWithVm ? VmTarget.Gone : VmTarget.Defined);
    }

    private LifeOutcome Become(VmTarget target)
    {
        _target = target;
        return Settle(isAsked: true);
    }

    private LifeOutcome Settle(bool isAsked)
    {
        while (true)
        {
            LifeOutcome outcome = LifeOutcome.Done;
            bool goesOn = _phase switch
            {
                VmPhase.Defined => SettleDefined(ref outcome),
                VmPhase.Running => SettleRunning(),
                VmPhase.Leaving => SettleLeaving(),
                VmPhase.Paused => SettlePaused(ref outcome),
                VmPhase.Releasing => SettleReleasing(),
                _ => SettleIdle(isAsked, ref outcome),
            };
            if (!goesOn)
            {
                return outcome;
            }
        }
    }

    private bool SettleDefined(ref LifeOutcome outcome)
    {
        _mustStop = false;
        _mustDestroy = false;
        if (_target == VmTarget.Gone)
        {
            Vanish();
            return false;
        }

        if (_target == VmTarget.Defined)
        {
            return false;
        }

        outcome = Make();
        if (outcome != LifeOutcome.Done)
        {
            _target = VmTarget.Defined;
            return false;
        }

        _phase = VmPhase.Created;
        return true;
    }

    private bool SettleRunning()
    {
        if (!IsStopping)
        {
            VmStop reason = _mustDestroy || (_mustStop && !IsToRun) ? VmStop.Killed
                : _mustStop ? VmStop.Reset
                : _target == VmTarget.Paused ? VmStop.Pause
                : VmStop.None;
            if (reason == VmStop.None)
            {
                return false;
            }

            Leave(reason);
        }

        _phase = VmPhase.Leaving;
        return true;
    }

    private bool SettleLeaving()
    {
        if (!HasLeft)
        {
            return false;
        }

        VmStop reason = TakeReason();
        if (reason is VmStop.Pause or VmStop.Break)
        {
            StandStill();
            _phase = VmPhase.Paused;
            if (reason == VmStop.Break)
            {
                _target = _target == VmTarget.Running && !_mustStop && !_mustDestroy ? VmTarget.Paused : _target;
            }
            else if (!_mustStop && !_mustDestroy && _target == VmTarget.Paused)
            {
                Say(LifeEvent.Paused, 0);
            }

            return true;
        }

        _phase = VmPhase.Ended;
        if (_mustStop || _mustDestroy)
        {
            EndAsWanted();
            return true;
        }

        ulong ran = Now - _startedAt;
        switch (reason)
        {
            case VmStop.Reset:
                Say(LifeEvent.Reset, 0);
                WaitFor(_resets.Next(ran, _second >> ResetShift, FreeResets));
                break;
            case VmStop.Crash:
                _hasCrashed = true;
                Say(LifeEvent.Crashed, 0);
                Crash(ran);
                break;
            default:
                Say(LifeEvent.PoweredOff, 0);
                _target = VmTarget.Stopped;
                _hasEndedByItself = !_isAskedToEnd;
                break;
        }

        return true;
    }

    private void Crash(ulong ran)
    {
        switch (_policy)
        {
            case BundleCrashPolicy.Restart:
                ulong wait = _crashes.Next(ran, _second, 0);
                WaitFor(wait);
                Say(LifeEvent.RestartsLater, wait / _second);
                break;
            case BundleCrashPolicy.Keep:
                _target = VmTarget.Stopped;
                Say(LifeEvent.Kept, 0);
                break;
            default:
                _target = VmTarget.Stopped;
                _hasEndedByItself = true;
                break;
        }
    }

    private bool SettlePaused(ref LifeOutcome outcome)
    {
        if (_mustStop || _mustDestroy)
        {
            _phase = VmPhase.Ended;
            EndAsWanted();
            return true;
        }

        if (_target == VmTarget.Paused)
        {
            return false;
        }

        outcome = GoOn();
        if (outcome != LifeOutcome.Done)
        {
            _target = VmTarget.Paused;
            return false;
        }

        _phase = VmPhase.Running;
        return true;
    }

    private bool SettleIdle(bool isAsked, ref LifeOutcome outcome)
    {
        if (_mustStop && _restartAt != 0 && !_mustDestroy)
        {
            Say(IsToRun ? LifeEvent.Reset : LifeEvent.Stopped, 0); // it waited to begin anew
            _restartAt = 0;
        }

        _mustStop = false;
        if (_mustDestroy)
        {
            BeginRelease();
            _phase = VmPhase.Releasing;
            return true;
        }

        if (!IsToRun || (_restartAt != 0 && Now < _restartAt))
        {
            return false;
        }

        _restartAt = 0;
        outcome = PowerOn();
        if (outcome == LifeOutcome.Done)
        {
            _phase = VmPhase.Running;
            _hasCrashed = false;
            _isAskedToEnd = false;
            _startedAt = Now;
            return true;
        }

        _hasCrashed |= !isAsked || outcome == LifeOutcome.BadImage;
        _hasEndedByItself |= !isAsked;
        _phase = _hasCrashed ? VmPhase.Ended : _phase;
        _target = _phase == VmPhase.Created ? VmTarget.Created : VmTarget.Stopped;
        return false;
    }

    private bool SettleReleasing()
    {
        if (!IsReleasable)
        {
            return false;
        }

        Release();
        Say(LifeEvent.Destroyed, 0);
        _phase = VmPhase.Defined;
        _hasCrashed = false;
        return true;
    }

    private void EndAsWanted()
    {
        _hasCrashed = false;
        if (!_mustDestroy)
        {
            Say(IsToRun ? LifeEvent.Reset : LifeEvent.Stopped, 0);
        }
    }

    private void WaitFor(ulong time) => _restartAt = time == 0 ? 0 : Now + time;
}

using System.Collections.Generic;
using SharpVisor.Formats;
using SharpVisor.Machine.Life;
using Xunit;

namespace SharpVisor.Tests.Unit.Machine;

/// <summary>A VM that exists only as what its life does with it; it complains about steps in the wrong order.</summary>
internal sealed class ScriptedLife(BundleCrashPolicy policy = BundleCrashPolicy.Stop, bool goesWithVm = false) : VmLife(policy, Second)
{
    public const ulong Second = 1000;

    private VmStop _reason;
    private bool _isStandingStill;

    public List<LifeEvent> Events { get; } = [];

    public ulong Time { get; set; } = 1;

    public LifeOutcome MakeOutcome { get; set; }

    public LifeOutcome PowerOnOutcome { get; set; }

    public LifeOutcome GoOnOutcome { get; set; }

    /// <summary>Whether CPUs take their time to leave the VM, until <see cref="Drain"/>.</summary>
    public bool IsSlow { get; set; }

    public bool Exists { get; private set; }

    /// <summary>Whether its VCpus are the scheduler's.</summary>
    public bool Runs { get; private set; }

    public bool IsReleasing { get; private set; }

    public bool IsHidden { get; private set; }

    public bool HasVanished { get; private set; }

    public int PowerOns { get; private set; }

    public ulong LastWait { get; private set; }

    protected override ulong Now => Time;

    protected override bool GoesWithVm => goesWithVm;

    protected override bool IsStopping => _reason != VmStop.None;

    protected override bool HasLeft => _reason != VmStop.None && !IsSlow;

    protected override bool IsReleasable => !IsSlow;

    /// <summary>The guest itself, or its crash, wants it stopped; nothing where it does not run.</summary>
    public bool GuestStops(VmStop reason)
    {
        if (!Runs || _reason is not (VmStop.None or VmStop.Pause))
        {
            return false;
        }

        _reason = reason;
        return true;
    }

    /// <summary>Every CPU has left what it has to leave, and the life goes on.</summary>
    public void Drain()
    {
        bool wasSlow = IsSlow;
        IsSlow = false;
        Review();
        IsSlow = wasSlow;
    }

    protected override LifeOutcome Make()
    {
        Assert.False(Exists || HasVanished);
        Exists = MakeOutcome == LifeOutcome.Done;
        return MakeOutcome;
    }

    protected override LifeOutcome PowerOn()
    {
        Assert.True(Exists && !Runs && !IsReleasing);
        Assert.Equal(VmStop.None, _reason);
        _isStandingStill = false;
        Runs = PowerOnOutcome == LifeOutcome.Done;
        PowerOns += Runs ? 1 : 0;
        return PowerOnOutcome;
    }

    protected override void Leave(VmStop reason)
    {
        Assert.True(Runs);
        Assert.NotEqual(VmStop.None, reason);
        _reason = _reason == VmStop.None ? reason : _reason;
    }

    protected override VmStop TakeReason()
    {
        Assert.True(Runs && HasLeft);
        Runs = false;
        VmStop reason = _reason;
        _reason = VmStop.None;
        return reason;
    }

    protected override void StandStill()
    {
        Assert.True(Exists && !Runs);
        _isStandingStill = true;
    }

    protected override LifeOutcome GoOn()
    {
        Assert.True(_isStandingStill && !Runs && !IsReleasing);
        Runs = GoOnOutcome == LifeOutcome.Done;
        _isStandingStill = !Runs;
        return GoOnOutcome;
    }

    protected override void Hide()
    {
        Assert.True(Exists && !IsHidden && !IsReleasing);
        IsHidden = true;
    }

    protected override void BeginRelease()
    {
        Assert.True(Exists && IsHidden && !Runs && !IsReleasing);
        IsReleasing = true;
    }

    protected override void Release()
    {
        Assert.True(IsReleasing && !IsSlow);
        IsReleasing = false;
        IsHidden = false;
        Exists = false;
    }

    protected override void Vanish()
    {
        Assert.False(Exists || HasVanished);
        HasVanished = true;
    }

    protected override void Say(LifeEvent what, ulong wait)
    {
        Events.Add(what);
        LastWait = what == LifeEvent.RestartsLater ? wait : LastWait;
    }
}

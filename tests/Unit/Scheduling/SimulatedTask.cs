using System;
using SharpVisor.Scheduling;

namespace SharpVisor.Tests.Unit.Scheduling;

/// <summary>A VCpu of the simulator: what it would do if it had a CPU of its own, and what became of that.</summary>
internal sealed class SimulatedTask
{
    private readonly Func<ulong> _work;
    private readonly Func<SimulatedTask, ulong> _nextWake;

    private SimulatedTask(Func<ulong> work, Func<SimulatedTask, ulong> nextWake)
    {
        _work = work;
        _nextWake = nextWake;
    }

    internal SchedulingEntity Entity { get; } = new();

    /// <summary>Whether a CPU runs it.</summary>
    internal bool IsOnCpu { get; set; }

    /// <summary>Ticks to run until it blocks.</summary>
    internal ulong Work { get; set; }

    /// <summary>When it wakes, while it is blocked.</summary>
    internal ulong WakeAt { get; set; } = ulong.MaxValue;

    /// <summary>When it woke last.</summary>
    internal ulong WokeAt { get; set; }

    /// <summary>Whether it has not run since it woke.</summary>
    internal bool IsAwaitingFirstRun { get; set; }

    /// <summary>Longest time from a wake-up to the first instruction.</summary>
    internal ulong WorstLatency { get; private set; }

    /// <summary>Longest time from a wake-up to the end of its work.</summary>
    internal ulong WorstResponse { get; private set; }

    /// <summary>Longest time without a CPU while it could run and nothing held it back.</summary>
    internal ulong WorstWait { get; private set; }

    /// <summary>Since when it waits.</summary>
    internal ulong WaitingSince { get; set; } = ulong.MaxValue;

    /// <summary>Number of times that it finished its work.</summary>
    internal int Completions { get; private set; }

    internal ulong RunTime { get; set; }

    internal ulong WaitTime { get; set; }

    internal ulong ThrottledTime { get; set; }

    internal ulong BlockedTime { get; set; }

    /// <summary>Never blocks.</summary>
    internal static SimulatedTask Hog() => new(() => ulong.MaxValue, _ => ulong.MaxValue);

    /// <summary>Works in every period, from its start.</summary>
    internal static SimulatedTask Periodic(ulong period, Func<ulong> work)
    {
        ulong next = 0;
        return new SimulatedTask(work, task => next = next == 0 ? task.WokeAt + period : next + period);
    }

    /// <summary>Works and sleeps in turns.</summary>
    internal static SimulatedTask Sleeper(Func<ulong> work, Func<ulong> sleep) => new(work, task => task.Now + sleep());

    /// <summary>The time of the simulator when it blocked.</summary>
    internal ulong Now { get; private set; }

    internal void Wake(ulong now)
    {
        WakeAt = ulong.MaxValue;
        WokeAt = now;
        IsAwaitingFirstRun = true;
        Work = _work();
    }

    /// <summary>The work is done.</summary>
    internal void Finish(ulong now)
    {
        Now = now;
        Completions++;
        WorstResponse = Math.Max(WorstResponse, now - WokeAt);
        WakeAt = Math.Max(_nextWake(this), now);
    }

    internal void StartRunning(ulong now)
    {
        if (IsAwaitingFirstRun)
        {
            WorstLatency = Math.Max(WorstLatency, now - WokeAt);
            IsAwaitingFirstRun = false;
        }

        StopWaiting(now);
    }

    internal void StopWaiting(ulong now)
    {
        if (WaitingSince != ulong.MaxValue)
        {
            WorstWait = Math.Max(WorstWait, now - WaitingSince);
            WaitingSince = ulong.MaxValue;
        }
    }
}

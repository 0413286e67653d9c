using System;
using System.Collections.Generic;
using System.Linq;
using SharpVisor.Scheduling;
using Xunit;

namespace SharpVisor.Tests.Unit.Scheduling;

/// <summary>
/// CPUs that run tasks as a <see cref="Scheduler"/> tells them, from event to event, deterministically. After every
/// event it checks what must hold at any time; it counts each task's time by itself.
/// </summary>
internal sealed class SchedulingSimulator
{
    internal const ulong Frequency = 62_500_000;
    internal const ulong Millisecond = Frequency / 1000;

    /// <summary>What shares are measured by.</summary>
    internal const ulong Period = 100 * Millisecond;

    private readonly SimulatedCpu[] _cpus;
    private readonly List<SimulatedTask> _tasks = [];
    private readonly Dictionary<SchedulingEntity, SimulatedTask> _taskOf = [];
    private readonly Random _random;

    /// <summary>Makes CPUs that are idle.</summary>
    internal SchedulingSimulator(int cpus, int seed = 1)
    {
        Scheduler = new Scheduler(cpus, Frequency);
        _random = new Random(seed);
        _cpus = [.. Enumerable.Range(0, cpus).Select(index => new SimulatedCpu(index))];

        Now = 1000 * Millisecond;
        Array.ForEach(_cpus, Look);
    }

    internal Scheduler Scheduler { get; }

    internal ulong Now { get; private set; }

    internal IReadOnlyList<SimulatedTask> Tasks => _tasks;

    /// <summary>How late a CPU may come to a look that is due, in ticks.</summary>
    internal ulong Lateness { get; init; }

    /// <summary>Called after every event, the time being <see cref="Now"/>.</summary>
    internal Action? Inspect { get; set; }

    /// <summary>Number of events so far.</summary>
    internal int Events { get; private set; }

    /// <summary>Takes a task in and wakes it, now or later.</summary>
    internal SimulatedTask Add(SimulatedTask task, ulong delay = 0)
    {
        Assert.True(Scheduler.TryAdd(task.Entity, Now));
        _tasks.Add(task);
        _taskOf[task.Entity] = task;
        task.WakeAt = Now + delay;
        return task;
    }

    internal void Remove(SimulatedTask task)
    {
        _tasks.Remove(task);
        Change(() => Scheduler.Remove(task.Entity, Now));
    }

    /// <summary>Does something to the scheduler from outside.</summary>
    internal void Change(Action action)
    {
        action();
        Settle();
    }

    /// <summary>Lets a CPU's task yield.</summary>
    internal void Yield(int cpu)
    {
        Run(_cpus[cpu], Scheduler.PickAfterYield(cpu, Now, out ulong next), next);
        Settle();
    }

    /// <summary>What a CPU runs.</summary>
    internal SimulatedTask? RunningOn(int cpu) => _cpus[cpu].Task;

    /// <summary>Goes on for a time.</summary>
    internal void Run(ulong ticks)
    {
        ulong end = Now + ticks;
        while (true)
        {
            Settle();
            ulong next = NextTime();
            if (next >= end)
            {
                break;
            }

            Advance(next);
            Events++;
            foreach (SimulatedTask task in _tasks)
            {
                if (task.WakeAt <= Now && task.Entity.State == SchedulingState.Blocked)
                {
                    task.Wake(Now);
                    if (Events % 2 == 0)
                    {
                        Demand(Scheduler.Wake(task.Entity, Now));
                    }
                    else
                    {
                        // As if what runs on its CPU had woken it.
                        SimulatedCpu cpu = _cpus[task.Entity.Cpu];
                        Run(cpu, Scheduler.PickAfterWake(cpu.Index, task.Entity, Now, out ulong due), due);
                    }
                }
            }

            foreach (SimulatedCpu cpu in _cpus)
            {
                if (cpu.Task is { Work: 0 } done)
                {
                    done.Finish(Now);
                    Scheduler.Block(cpu.Index, Now);
                    Look(cpu);
                }
                else if (cpu.LookAt <= Now)
                {
                    Look(cpu);
                }
            }
        }

        Advance(end);
    }

    private ulong NextTime()
    {
        ulong next = ulong.MaxValue;
        foreach (SimulatedCpu cpu in _cpus)
        {
            next = Math.Min(next, cpu.LookAt);
            if (cpu.Task != null && cpu.Task.Work != ulong.MaxValue)
            {
                next = Math.Min(next, Now + cpu.Task.Work);
            }
        }

        foreach (SimulatedTask task in _tasks)
        {
            if (task.Entity.State == SchedulingState.Blocked)
            {
                next = Math.Min(next, task.WakeAt);
            }
        }

        return Math.Max(next, Now);
    }

    private void Advance(ulong time)
    {
        ulong ticks = time - Now;
        foreach (SimulatedTask task in _tasks)
        {
            if (task.IsOnCpu)
            {
                task.RunTime += ticks;
                task.Work -= task.Work == ulong.MaxValue ? 0 : ticks;
            }
            else if (task.Entity.State == SchedulingState.Blocked)
            {
                task.BlockedTime += ticks;
            }
            else
            {
                task.WaitTime += ticks;
                task.ThrottledTime += task.Entity.State == SchedulingState.Throttled ? ticks : 0;
            }
        }

        Now = time;
    }

    // Kicks, and the kicks that come of these.
    private void Settle()
    {
        for (int i = 0; ; i++)
        {
            Assert.True(i < 1000, "CPUs kick each other for ever");
            ulong kicks = Scheduler.TakeKicks();
            foreach (SimulatedCpu cpu in _cpus)
            {
                if ((kicks >> cpu.Index & 1) != 0)
                {
                    Demand(cpu.Index);
                }
            }

            bool isQuiet = true;
            foreach (SimulatedCpu cpu in _cpus)
            {
                if (cpu.LookAt <= Now)
                {
                    Look(cpu);
                    isQuiet = false;
                }
            }

            if (isQuiet)
            {
                break;
            }
        }

        foreach (SimulatedTask task in _tasks)
        {
            if (task.Entity.State != SchedulingState.Waiting)
            {
                task.StopWaiting(Now);
            }
            else if (task.WaitingSince == ulong.MaxValue)
            {
                task.WaitingSince = Now;
            }
        }

        SchedulingInvariants.Check(Scheduler, _tasks, Now, isSettled: Lateness == 0);
        Inspect?.Invoke();
    }

    private void Demand(int cpu)
    {
        if (cpu >= 0)
        {
            _cpus[cpu].LookAt = Math.Min(_cpus[cpu].LookAt, Now + Late());
        }
    }

    private void Look(SimulatedCpu cpu) => Run(cpu, Scheduler.Pick(cpu.Index, Now, out ulong next), next);

    private void Run(SimulatedCpu cpu, SchedulingEntity? entity, ulong next)
    {
        SimulatedTask? task = entity == null ? null : _taskOf[entity];
        if (task != cpu.Task)
        {
            if (cpu.Task != null)
            {
                cpu.Task.IsOnCpu = false;
            }

            if (task != null)
            {
                Assert.False(task.IsOnCpu, "on two CPUs at once");
                task.IsOnCpu = true;
                task.StartRunning(Now);
            }

            cpu.Task = task;
        }

        Assert.Equal(Scheduler.NextEvent(cpu.Index), next);

        // Of a cap that is shared, another CPU may have spent the last just now.
        Assert.True(next > Now || (entity != null && entity.Cap.IsShared), "an event is due at once");
        cpu.LookAt = next == ulong.MaxValue ? next : next + Late();
    }

    private ulong Late() => Lateness == 0 ? 0 : (ulong)_random.NextInt64((long)Lateness + 1);
}

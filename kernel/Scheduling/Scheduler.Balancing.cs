using System;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace SharpVisor.Scheduling;

/// <summary>Which CPU an entity is on. It stays where it is as long as that is fair.</summary>
/// <remarks>
/// What waits goes to an idle CPU at once. Where none is idle, CPUs are compared by their virtual time: one whose
/// time is behind another's gives its entities less by weight, and when what it owes them comes to a few turns, one of
/// them moves over, with its claim. For every pair of CPUs an offset between their virtual times says what counts as
/// equal. It changes only where history means nothing (one of the two had nothing to do) or can't be made good
/// (affinity, or a weight above a CPU's worth: the lead is cut).
/// </remarks>
public sealed partial class Scheduler
{
    // What a CPU may owe its entities before one of them moves.
    private const ulong BalanceTurns = 4;

    // How far a lead is remembered that nobody could be moved for, in multiples of the lead that moves one.
    private const long RememberedLeads = 4;

    // Where the search for a way to other CPUs has come.
    private readonly Way[] _ways;

    // [x, y]: y's virtual time plus this compares with x's; [y, x] is its negative.
    private readonly long[] _offsets;

    // The CPU for an entity that becomes runnable: where it was, if that is idle, or if no other is idle or much lighter.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int ChooseCpu(SchedulingEntity entity)
    {
        CpuQueue last = _queues[entity.Cpu];
        return MayStay(entity, last) ? last.Cpu : SearchCpu(entity);
    }

    // Whether it was last on a CPU where nobody waits, and no other one is idle.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool MayStay(SchedulingEntity entity, CpuQueue queue) =>
        entity.LastCpu == queue.Cpu && entity.Cpu == queue.Cpu && entity.HomeCpu < 0
        && queue.Waiting.First == null && (queue.Running == null || !queue.Running.Reservation.IsSet)
        && (entity.Affinity & _online & queue.Bit) != 0 && (entity.Affinity & _idle & ~queue.Bit) == 0;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int SearchCpu(SchedulingEntity entity)
    {
        if (entity.HomeCpu >= 0)
        {
            return entity.HomeCpu;
        }

        ulong allowed = entity.Affinity & _present;
        CpuQueue last = _queues[entity.Cpu];
        ulong idle = _idle & allowed;
        if (idle != 0)
        {
            return (idle & last.Bit) != 0 ? last.Cpu : BitOperations.TrailingZeroCount(idle);
        }

        ulong usable = (allowed & _online) == 0 ? allowed : allowed & _online;
        if ((usable & last.Bit) == 0 || entity.LastCpu < 0)
        {
            return LightestOf(usable);
        }

        bool isReserved = last.Running != null && last.Running.Reservation.IsSet;
        if (last.Waiting.Count == 0 && !isReserved)
        {
            return last.Cpu;
        }

        int lightest = LightestOf(usable);
        bool isWorthIt = isReserved || (_queues[lightest].Clock.Weight + entity.Weight) * 4 < last.Clock.Weight * 3;
        return isWorthIt ? lightest : last.Cpu;
    }

    private int LightestOf(ulong cpus)
    {
        int lightest = BitOperations.TrailingZeroCount(cpus);
        long least = long.MaxValue;
        for (; cpus != 0; cpus &= cpus - 1)
        {
            int cpu = BitOperations.TrailingZeroCount(cpus);
            long weight = _queues[cpu].Clock.Weight;
            if (weight < least)
            {
                least = weight;
                lightest = cpu;
            }
        }

        return lightest;
    }

    // For a CPU that has nothing: an entity that waits elsewhere, from where the most weight is.
    private SchedulingEntity? Pull(CpuQueue queue, ulong now)
    {
        SchedulingEntity? best = null;
        CpuQueue? source = null;
        long most = -1;
        for (int i = 0; i < _queues.Length; i++)
        {
            CpuQueue other = _queues[i];
            if (other.Waiting.Count == 0 || other.Clock.Weight <= most)
            {
                continue;
            }

            // One that is about to be fetched by its own CPU stays.
            if (other.Running == null && other.Waiting.Count == 1 && (_online & other.Bit) != 0)
            {
                continue;
            }

            SchedulingEntity? entity = FirstAllowed(other, queue.Bit);
            if (entity != null)
            {
                best = entity;
                source = other;
                most = other.Clock.Weight;
            }
        }

        if (best != null)
        {
            Move(best, source!, queue, now);
            _kicks &= ~queue.Bit;
        }

        return best;
    }

    private static SchedulingEntity? FirstAllowed(CpuQueue queue, ulong cpus)
    {
        SchedulingEntity? entity = queue.Waiting.First;
        while (entity != null && (entity.Affinity & cpus) == 0)
        {
            entity = entity.Next;
        }

        return entity;
    }

    // Gives some of what waits here to others: to idle CPUs at once, to busy ones as fairness asks.
    private void Spread(CpuQueue queue, ulong now)
    {
        while (_idle != 0)
        {
            SchedulingEntity? entity = FirstAllowed(queue, _idle);
            if (entity == null)
            {
                break;
            }

            Move(entity, queue, _queues[BitOperations.TrailingZeroCount(_idle & entity.Affinity)], now);
        }

        if (queue.Waiting.First != null && (long)(now - queue.NextBalance) >= 0)
        {
            queue.NextBalance = now + (2 * _turn);
            Balance(queue, now);
        }
    }

    private void Balance(CpuQueue queue, ulong now)
    {
        long enough = (long)((BalanceTurns * _turn) << VirtualClock.UnitBits) / queue.Clock.Weight;
        bool isAnyAhead = false;
        for (int i = 0; i < _queues.Length; i++)
        {
            CpuQueue other = _queues[i];
            bool isIdle = (_idle & other.Bit) != 0;
            _ways[i].Lead = 0;
            if (other == queue || (other.Clock.Weight == 0 && !isIdle))
            {
                continue;
            }

            Charge(other, now);
            long lead = isIdle ? long.MaxValue : CutLead(queue, other, enough * RememberedLeads);
            if (lead >= enough)
            {
                _ways[i].Lead = lead;
                isAnyAhead = true;
            }
        }

        if (isAnyAhead)
        {
            FindWays(queue);
            CpuQueue? target = BestTarget();
            if (target != null)
            {
                Relay(queue, target, now);
            }
        }
    }

    // Of the CPUs that are enough ahead: the one by the shortest way, which disturbs the fewest, and then the furthest.
    private CpuQueue? BestTarget()
    {
        int best = -1;
        for (int i = 0; i < _ways.Length; i++)
        {
            ref Way way = ref _ways[i];
            if (way.Lead == 0 || way.Length == 0)
            {
                continue;
            }

            if (best < 0 || way.Length < _ways[best].Length || (way.Length == _ways[best].Length && way.Lead > _ways[best].Lead))
            {
                best = i;
            }
        }

        return best < 0 ? null : _queues[best];
    }

    // Finds how a CPU can give work to each other: by an entity that may go there, or by one that takes the place of
    // another, which goes on. Breadth first, so the ways are the shortest.
    private void FindWays(CpuQueue queue)
    {
        for (int i = 0; i < _ways.Length; i++)
        {
            _ways[i].Length = 0;
        }

        ulong found = queue.Bit;
        ulong front = queue.Bit;
        for (int length = 1; front != 0 && found != _online; length++)
        {
            ulong next = 0;
            for (ulong left = front; left != 0; left &= left - 1)
            {
                CpuQueue from = _queues[BitOperations.TrailingZeroCount(left)];
                for (SchedulingEntity? entity = from.Waiting.First; entity != null; entity = entity.Next)
                {
                    next |= AddWays(from, entity, length, found | next);
                }

                if (from.Running != null && !from.Running.Reservation.IsSet && from.SendTo < 0)
                {
                    next |= AddWays(from, from.Running, length, found | next);
                }
            }

            found |= next;
            front = next;
        }
    }

    private ulong AddWays(CpuQueue from, SchedulingEntity entity, int length, ulong found)
    {
        ulong added = entity.Affinity & _present & _online & ~found;
        for (ulong left = added; left != 0; left &= left - 1)
        {
            ref Way way = ref _ways[BitOperations.TrailingZeroCount(left)];
            way.Length = length;
            way.From = from.Cpu;
            way.Entity = entity;
        }

        return added;
    }

    // Moves one entity over each step of the way to a CPU.
    private void Relay(CpuQueue queue, CpuQueue target, ulong now)
    {
        CpuQueue to = target;
        while (to != queue)
        {
            CpuQueue from = _queues[_ways[to.Cpu].From];
            SchedulingEntity? entity = BestFit(from, to) ?? _ways[to.Cpu].Entity;
            if (entity == from.Running)
            {
                from.SendTo = to.Cpu; // at its next look, for a guest is in the middle of it
                _kicks |= from.Bit & ~queue.Bit;
            }
            else
            {
                Move(entity!, from, to, now);
            }

            to = from;
        }

        for (int i = 0; i < _ways.Length; i++)
        {
            _ways[i].Entity = null;
        }
    }

    // What runs here goes where another CPU's balance, or this one's, has sent it.
    private void SendRunning(CpuQueue queue, ulong now)
    {
        CpuQueue target = _queues[queue.SendTo];
        SchedulingEntity? entity = queue.Running;
        queue.SendTo = -1;
        if (entity == null || entity.Reservation.IsSet || queue.Waiting.First == null || (entity.Affinity & target.Bit) == 0)
        {
            return;
        }

        if (entity.Cap.IsSet && entity.Cap.Left <= 0)
        {
            return; // it is to be held back
        }

        queue.Running = null;
        entity.State = SchedulingState.Waiting;
        Enqueue(queue, entity);
        Move(entity, queue, target, now);
    }

    // Of what waits here and may go there: the entity whose going leaves the weights closest to each other.
    private static SchedulingEntity? BestFit(CpuQueue queue, CpuQueue other)
    {
        SchedulingEntity? best = null;
        long least = long.MaxValue;
        long surplus = queue.Clock.Weight - other.Clock.Weight;
        for (SchedulingEntity? entity = queue.Waiting.First; entity != null; entity = entity.Next)
        {
            long difference = surplus - (2 * entity.Weight);
            difference = difference < 0 ? -difference : difference;
            if (difference < least && (entity.Affinity & other.Bit) != 0)
            {
                least = difference;
                best = entity;
            }
        }

        return best;
    }

    // A waiting entity keeps what it is owed: here, and by this CPU against the other.
    private void Move(SchedulingEntity entity, CpuQueue from, CpuQueue to, ulong now)
    {
        Charge(from, now);
        Charge(to, now);
        Relate(from, to);
        ulong shift = (ulong)_offsets[(from.Cpu * _queues.Length) + to.Cpu];
        from.Waiting.Remove(entity);
        LeaveClock(from, entity);
        entity.VirtualTime -= shift;
        entity.VirtualDeadline -= shift;
        to.Clock.Join(entity.VirtualTime, entity.Weight);
        to.Waiting.Insert(entity, entity.VirtualDeadline);
        entity.Cpu = to.Cpu;
        UpdateIdle(from);
        _idle &= ~to.Bit;
        if (MustLook(to, entity))
        {
            _kicks |= to.Bit;
        }
    }

    // How far the other's virtual time is before this one's, at most by a limit either way.
    private long CutLead(CpuQueue queue, CpuQueue other, long limit)
    {
        Relate(queue, other);
        int index = (queue.Cpu * _queues.Length) + other.Cpu;
        long lead = (long)(other.Clock.Now - queue.Clock.Now) + _offsets[index];
        long cut = Math.Max(-limit, Math.Min(limit, lead));
        if (cut != lead)
        {
            SetOffset(queue, other, _offsets[index] + cut - lead);
        }

        return cut;
    }

    // Two CPUs of which one had nothing to do since they were last compared start as equals.
    private void Relate(CpuQueue queue, CpuQueue other)
    {
        if (((queue.Unrelated & other.Bit) | (other.Unrelated & queue.Bit)) != 0)
        {
            queue.Unrelated &= ~other.Bit;
            other.Unrelated &= ~queue.Bit;
            SetOffset(queue, other, (long)(queue.Clock.Now - other.Clock.Now));
        }
    }

    private void SetOffset(CpuQueue queue, CpuQueue other, long offset)
    {
        _offsets[(queue.Cpu * _queues.Length) + other.Cpu] = offset;
        _offsets[(other.Cpu * _queues.Length) + queue.Cpu] = -offset;
    }

    // A step of a way from one CPU to another.
    private struct Way
    {
        // How far the CPU is ahead, where that is enough to give it work; else 0.
        internal long Lead;

        // Steps from the start; 0 where no way was found.
        internal int Length;

        // The CPU of the step before.
        internal int From;

        // What may go from there to here.
        internal SchedulingEntity? Entity;
    }
}

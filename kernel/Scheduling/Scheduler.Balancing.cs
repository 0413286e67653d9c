using System.Numerics;

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

    // [x, y]: y's virtual time plus this compares with x's; [y, x] is its negative.
    private readonly long[] _offsets;

    // The CPU for an entity that becomes runnable: where it was, if that is idle, or if no other is idle or much lighter.
    private int ChooseCpu(SchedulingEntity entity)
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

            CpuQueue target = _queues[BitOperations.TrailingZeroCount(_idle & entity.Affinity)];
            Move(entity, queue, target, now);
            _kicks |= target.Bit;
        }

        if (queue.Waiting.First != null && _queues.Length > 1 && (long)(now - queue.NextBalance) >= 0)
        {
            queue.NextBalance = now + _turn;
            Balance(queue, now);
        }
    }

    private void Balance(CpuQueue queue, ulong now)
    {
        long enough = (long)((BalanceTurns * _turn) << VirtualClock.UnitBits) / queue.Clock.Weight;
        long best = enough - 1;
        CpuQueue? target = null;
        SchedulingEntity? moved = null;
        for (int i = 0; i < _queues.Length; i++)
        {
            CpuQueue other = _queues[i];
            if (other == queue || other.Clock.Weight == 0)
            {
                continue;
            }

            Charge(other, now);
            long lead = CutLead(queue, other, enough * RememberedLeads);
            if (lead <= best)
            {
                continue;
            }

            SchedulingEntity? entity = BestFit(queue, other);
            if (entity != null)
            {
                best = lead;
                target = other;
                moved = entity;
            }
        }

        if (moved != null)
        {
            Move(moved, queue, target!, now);
            if (MustLook(target!, moved))
            {
                _kicks |= target!.Bit;
            }
        }
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
    }

    // How far the other's virtual time is before this one's, at most by a limit either way.
    private long CutLead(CpuQueue queue, CpuQueue other, long limit)
    {
        Relate(queue, other);
        int index = (queue.Cpu * _queues.Length) + other.Cpu;
        long lead = (long)(other.Clock.Now - queue.Clock.Now) + _offsets[index];
        long cut = System.Math.Max(-limit, System.Math.Min(limit, lead));
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
}

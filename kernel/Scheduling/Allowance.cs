using System;

namespace SharpVisor.Scheduling;

/// <summary>
/// A cap on the time of an entity, or of several together: a quota for each period, and what was left of earlier quotas as credit up to a limit.
/// A bucket of ticks: running takes out, each period's start puts the quota on top of at most the credit limit. It
/// may go below zero where enforcement came late, or where several took it out at the same time; what was overdrawn is
/// missing from the next period.
/// </summary>
internal sealed class Allowance
{
    private long _left;
    private long _credit;
    private ulong _periodStart;

    /// <summary>Whether several entities have it together.</summary>
    internal bool IsShared { get; set; }

    /// <summary>Ticks to run in each period; 0 where there is no cap.</summary>
    internal ulong Quota { get; private set; }

    /// <summary>Ticks.</summary>
    internal ulong Period { get; private set; }

    /// <summary>Most ticks of credit that are kept.</summary>
    internal ulong CreditLimit { get; private set; }

    /// <summary>Whether there is a cap at all.</summary>
    internal bool IsSet => Quota != 0;

    /// <summary>Ticks that may still be used before the next period, credit included. Not above 0: none.</summary>
    internal long Left => _left;

    /// <summary>Ticks that earlier periods have left over and that are not used yet. The period's quota is used first.</summary>
    internal ulong Credit => (ulong)Math.Max(0, Math.Min(_left, _credit));

    /// <summary>When the next period starts.</summary>
    internal ulong NextPeriod => _periodStart + Period;

    /// <summary>Starts the first period, without credit.</summary>
    internal void Set(ulong quota, ulong period, ulong now)
    {
        Quota = quota;
        Period = period;
        _left = (long)quota;
        _credit = 0;
        _periodStart = now;
    }

    /// <summary>Changes how much credit is kept.</summary>
    internal void SetCreditLimit(ulong limit)
    {
        CreditLimit = limit;
        if (_credit > (long)limit)
        {
            long lost = (long)Credit - (long)limit;
            _left -= lost > 0 ? lost : 0;
            _credit = (long)limit;
        }
    }

    /// <summary>Counts the periods that have started by now, none of which was used before now.</summary>
    internal void Refill(ulong now)
    {
        ulong elapsed = now - _periodStart;
        if ((long)elapsed < (long)Period)
        {
            return;
        }

        // min(left, limit) + quota for each period; only the first may find more than the limit.
        ulong periods = elapsed / Period;
        _periodStart += periods * Period;
        long limit = (long)CreditLimit;
        long unused = _left < limit ? _left : limit;
        ulong missing = (ulong)(limit - unused);
        unused = (periods - 1) > missing / Quota ? limit : unused + (long)((periods - 1) * Quota);
        Start(unused < limit ? unused : limit);
    }

    /// <summary>Counts running, and the periods that started meanwhile.</summary>
    /// <param name="from">When it began.</param>
    /// <param name="now">The end.</param>
    internal void Spend(ulong from, ulong now)
    {
        ulong next = NextPeriod;
        if ((long)(now - next) < 0)
        {
            _left -= (long)(now - from);
            return;
        }

        // As far as the first start; then whole periods of running, in which credit can't grow; then the rest.
        _left -= (long)(next - from);
        ulong whole = (now - next) / Period;
        _periodStart = next + (whole * Period);
        Start(_left < (long)CreditLimit ? _left : (long)CreditLimit);
        if (whole != 0)
        {
            // Each loses period − quota in all; the last one's quota comes on top again.
            _left = Math.Min(_left - (long)(whole * (Period - Quota)), (long)(CreditLimit + Quota));
            _credit = _left - (long)Quota;
        }

        _left -= (long)(now - _periodStart);
    }

    private void Start(long unused)
    {
        _credit = unused;
        _left = unused + (long)Quota;
    }
}

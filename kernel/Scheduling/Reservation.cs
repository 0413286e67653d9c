namespace SharpVisor.Scheduling;

/// <summary>
/// A real-time reservation: so much time in every period, before all that have none. A constant-bandwidth server (Abeni
/// and Buttazzo, 1998) of the hard kind: an empty budget waits for the end of its period, so that whatever its guest
/// does, no other reservation on the CPU misses a deadline.
/// </summary>
internal struct Reservation
{
    /// <summary>Fraction bits of a utilization.</summary>
    internal const int UtilizationBits = 20;

    /// <summary>Most of a CPU that may be reserved: 95 %, so that the others and the hypervisor's own work live.</summary>
    internal const ulong MaximumUtilization = (95ul << UtilizationBits) / 100;

    /// <summary>Ticks to run in each period; 0 where there is no reservation.</summary>
    internal ulong Budget { get; private set; }

    /// <summary>Ticks, below 2^31.</summary>
    internal ulong Period { get; private set; }

    /// <summary>The share of a CPU, rounded up.</summary>
    internal ulong Utilization { get; private set; }

    /// <summary>Ticks left until <see cref="Deadline"/>. Not above 0: none.</summary>
    internal long Left { get; private set; }

    /// <summary>The end of the period: the earliest deadline runs first; an empty budget is filled here.</summary>
    internal ulong Deadline { get; private set; }

    /// <summary>Whether there is a reservation at all.</summary>
    internal readonly bool IsSet => Budget != 0;

    /// <summary>The share of a CPU that a budget and a period ask for, rounded up.</summary>
    internal static ulong UtilizationOf(ulong budget, ulong period) =>
        budget == 0 ? 0 : ((budget << UtilizationBits) + period - 1) / period;

    /// <summary>Changes the reservation; the first period begins with the next wake-up.</summary>
    internal void Set(ulong budget, ulong period, ulong now)
    {
        Budget = budget;
        Period = period;
        Utilization = UtilizationOf(budget, period);
        Left = 0;
        Deadline = now;
    }

    /// <summary>
    /// Its entity has become runnable. Where what is left can't be used up by the deadline without taking more than
    /// the reserved share from now on, a new period begins here. False where the budget is empty until the deadline.
    /// </summary>
    internal bool Wake(ulong now)
    {
        long time = (long)(Deadline - now);
        if (time <= 0 || (Left > 0 && (ulong)Left * Period >= (ulong)time * Budget))
        {
            // What was overdrawn before is settled by the time between.
            Deadline = now + Period;
            Left = (long)Budget;
        }

        return Left > 0;
    }

    /// <summary>Counts running.</summary>
    internal void Spend(ulong ticks) => Left -= (long)ticks;

    /// <summary>Goes on to the next period where one is due. False where the budget is still empty.</summary>
    internal bool Replenish(ulong now)
    {
        if (Left <= 0 && (long)(now - Deadline) >= 0)
        {
            Left += (long)Budget;
            Deadline += Period;
            if ((long)(now - Deadline) >= 0)
            {
                Deadline = now + Period; // a look that came a period late: no catching up at others' cost
            }
        }

        return Left > 0;
    }
}

using System.Linq;

namespace SharpVisor.Tests.Unit.Interrupts;

/// <summary>
/// A GIC written from the specification alone: the state of every interrupt in one place, and the highest pending one
/// found by looking at all of them each time. Nothing of list registers.
/// </summary>
internal sealed class GicModel
{
    internal const uint Spurious = 1023;
    internal const uint OtherGroup = 1022;

    internal readonly int Version;
    internal readonly ModelCpu[] Cpus;
    internal readonly ModelInterrupt[] Shared = new ModelInterrupt[288];
    internal int Groups;

    internal GicModel(int version, int count)
    {
        Version = version;
        Cpus = Enumerable.Range(0, count).Select(_ => new ModelCpu()).ToArray();
        foreach (ModelCpu cpu in Cpus)
        {
            for (int i = 0; i < 32; i++)
            {
                cpu.Private[i] = new ModelInterrupt { Edge = i < 16, Enabled = i < 16 && version == 2 };
            }
        }

        for (int i = 32; i < Shared.Length; i++)
        {
            Shared[i] = new ModelInterrupt();
        }
    }

    internal ModelInterrupt Get(int cpu, int interrupt) => interrupt < 32 ? Cpus[cpu].Private[interrupt] : Shared[interrupt];

    internal int TargetOf(int interrupt)
    {
        ModelInterrupt state = Shared[interrupt];
        int candidates;
        if (Version == 2)
        {
            candidates = Cpus.Length == 1 ? 1 : state.Targets;
        }
        else if ((state.Route & 0x8000_0000) != 0)
        {
            candidates = (1 << Cpus.Length) - 1;
        }
        else
        {
            candidates = state.Route < (ulong)Cpus.Length ? 1 << (int)state.Route : 0;
        }

        // Whichever of the candidates: here, the first that is on.
        for (int pass = 0; pass < 2; pass++)
        {
            for (int i = 0; i < Cpus.Length; i++)
            {
                if ((candidates >> i & 1) != 0 && (Cpus[i].On || pass == 1))
                {
                    return i;
                }
            }
        }

        return -1;
    }

    internal bool IsForwarded(ModelInterrupt state) => state.Enabled && state.Pending && !state.Active && (Groups >> (state.Group1 ? 1 : 0) & 1) != 0;

    /// <summary>INTID of the highest pending interrupt whose group the CPU interface lets through, or -1.</summary>
    internal int HighestPending(int cpu)
    {
        int best = -1;
        for (int i = 0; i < Shared.Length; i++)
        {
            ModelInterrupt state = Get(cpu, i);
            if (IsForwarded(state) && (i < 32 || TargetOf(i) == cpu) && (state.Group1 ? Cpus[cpu].Group1 : Cpus[cpu].Group0)
                && (best < 0 || state.Priority < Get(cpu, best).Priority))
            {
                best = i;
            }
        }

        return best;
    }

    internal uint HighestPendingRegister(int cpu, bool group1Only)
    {
        int interrupt = HighestPending(cpu);
        return interrupt < 0 ? Spurious : Visible(cpu, interrupt, group1Only);
    }

    internal int RunningPriority(int cpu) => Cpus[cpu].Running.Count == 0 ? 0xff : Cpus[cpu].Running.Min();

    /// <summary>INTID that an acknowledge would take, or -1.</summary>
    internal int Deliverable(int cpu)
    {
        int interrupt = HighestPending(cpu);
        if (interrupt < 0 || !Cpus[cpu].On)
        {
            return -1;
        }

        ModelInterrupt state = Get(cpu, interrupt);
        return state.Priority < Cpus[cpu].PriorityMask && Preemption(cpu, state) < RunningPriority(cpu) ? interrupt : -1;
    }

    internal uint Acknowledge(int cpu, bool group1Only)
    {
        int interrupt = Deliverable(cpu);
        if (interrupt < 0)
        {
            return Spurious;
        }

        uint visible = Visible(cpu, interrupt, group1Only);
        if ((visible & 0x3ff) >= 1020)
        {
            return visible;
        }

        ModelInterrupt state = Get(cpu, interrupt);
        int source = (int)(visible >> 10);
        Cpus[cpu].Running.Add(Preemption(cpu, state));
        state.Latches &= interrupt < 16 ? ~(1 << source) : 0;
        state.Active = true;
        state.ActiveSource = source;
        state.Holder = cpu;
        return visible;
    }

    internal void End(int cpu, uint value)
    {
        ModelCpu state = Cpus[cpu];
        if (state.Running.Count == 0)
        {
            return;
        }

        state.Running.Remove(state.Running.Min());
        ModelInterrupt ended = Get(cpu, (int)(value & 0x3ff));
        if (!state.SplitEnd && ended.ActiveSource == (int)(value >> 10))
        {
            ended.Active = false;
        }
    }

    internal void Deactivate(int cpu, uint value)
    {
        Get(cpu, (int)(value & 0x3ff)).Active = false;
    }

    internal void SetLine(int cpu, int interrupt, bool level)
    {
        ModelInterrupt state = Get(cpu, interrupt);
        if (level && !state.Line && state.Edge)
        {
            state.Latches = 1;
        }

        state.Line = level;
    }

    private int Preemption(int cpu, ModelInterrupt state)
    {
        ModelCpu c = Cpus[cpu];
        int bit = state.Group1 && !c.CommonBinaryPoint ? c.AliasedBinaryPoint : c.BinaryPoint + 1;
        return state.Priority & (0xff << bit) & 0xff;
    }

    private uint Visible(int cpu, int interrupt, bool group1Only)
    {
        ModelInterrupt state = Get(cpu, interrupt);
        uint value = (uint)interrupt;
        if (Version == 2 && interrupt < 16)
        {
            value |= (uint)int.TrailingZeroCount(state.Latches) << 10;
        }

        if (group1Only)
        {
            return state.Group1 ? value : Spurious;
        }

        return state.Group1 && !Cpus[cpu].AckCtl ? OtherGroup : value;
    }
}

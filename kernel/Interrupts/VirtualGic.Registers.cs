using System.Numerics;
using System.Threading;

namespace SharpVisor.Interrupts;

/// <content>
/// What the register frames read and write, by interrupt. Each takes the lock, brings home the truth about what it
/// shows or changes, and leaves everything listed where it belongs. INTIDs are below <see cref="InterruptCount"/>;
/// the frames check that.
/// </content>
public sealed partial class VirtualGic
{
    private const int InterruptsPerWord = 32;

    /// <summary>Priority bits that exist: five, as list registers have on every core.</summary>
    private const uint PriorityMask = 0xf8;

    /// <summary>GICD_CTLR's group enables: bit 0 group 0, bit 1 group 1.</summary>
    internal uint Groups => Volatile.Read(ref _groups);

    /// <summary>
    /// A word of the guest's side of a VCpu's interface while the VCpu is on no CPU: VMCR, or active priorities, in the form
    /// that the machine's hardware has.
    /// </summary>
    internal ref ulong InterfaceWord(int vcpu, int word) => ref _cpus[vcpu].InterfaceState[word];

    /// <summary>Enables groups in the distributor, 0 to 3.</summary>
    internal void WriteGroups(int self, uint groups)
    {
        Enter(self);
        if (groups != _groups)
        {
            for (int i = 0; i < _cpus.Length; i++)
            {
                if (i == self)
                {
                    FoldAll(self, _cpus[self]);
                }
                else
                {
                    Recall(i);
                }
            }

            Volatile.Write(ref _groups, groups);
            RefreshShared();
            for (int i = 0; i < _cpus.Length; i++)
            {
                for (uint j = 0; j < PrivateCount; j++)
                {
                    Refresh(i, j, ref _cpus[i].Private[j]);
                }
            }
        }

        Exit(self);
    }

    /// <summary>A bit for each of 32 interrupts from a multiple of 32 on.</summary>
    /// <param name="self">The reading VCpu.</param>
    /// <param name="vcpu">Owner of the private interrupts.</param>
    /// <param name="first">INTID of bit 0.</param>
    /// <param name="field">What to read.</param>
    internal uint ReadBits(int self, int vcpu, uint first, InterruptField field)
    {
        uint result = 0;
        Enter(self);
        for (uint i = 0; i < InterruptsPerWord; i++)
        {
            bool value;
            switch (field)
            {
                case InterruptField.Group:
                    value = Get(vcpu, first + i).Group1;
                    break;
                case InterruptField.Enabled:
                    value = Get(vcpu, first + i).Enabled;
                    break;
                case InterruptField.Pending:
                    value = BringHome(self, vcpu, first + i).IsPending;
                    break;
                default:
                    value = BringHome(self, vcpu, first + i).Active;
                    break;
            }

            result |= value ? 1u << (int)i : 0;
        }

        Exit(self);
        return result;
    }

    /// <summary>Sets (or clears) a state of those of 32 interrupts whose bit is 1; the others stay.</summary>
    internal void WriteBits(int self, int vcpu, uint first, InterruptField field, uint bits, bool value)
    {
        if (Version == 2 && first == 0 && field is InterruptField.Enabled or InterruptField.Pending)
        {
            bits &= ~0xffffu; // SGIs are always enabled there, and become pending by registers of their own
        }

        Enter(self);
        for (; bits != 0; bits &= bits - 1)
        {
            uint interrupt = first + (uint)BitOperations.TrailingZeroCount(bits);
            ref VirtualInterrupt state = ref Get(vcpu, interrupt);
            if ((field == InterruptField.Group && state.Group1 == value) || (field == InterruptField.Enabled && state.Enabled == value))
            {
                continue;
            }

            state = ref BringHome(self, vcpu, interrupt);
            switch (field)
            {
                case InterruptField.Group:
                    state.Group1 = value;
                    break;
                case InterruptField.Enabled:
                    state.Enabled = value;
                    _kicks |= vcpu == self ? 0 : 1u << vcpu; // its timer, perhaps due long since, may wake it now
                    break;
                case InterruptField.Pending:
                    state.Latched = value ? (byte)1 : (byte)0;
                    break;
                case InterruptField.Active:
                    WriteActive(self, vcpu, interrupt, ref state, value);
                    break;
            }

            Refresh(vcpu, interrupt, ref state);
        }

        Exit(self);
    }

    private void WriteActive(int self, int vcpu, uint interrupt, ref VirtualInterrupt state, bool value)
    {
        if (!value)
        {
            if (state.Active)
            {
                EndActive(vcpu, interrupt, ref state);
            }

            return;
        }

        if (!state.Active)
        {
            // Nobody acknowledged it: who would have been the one may end it.
            int holder = interrupt < PrivateCount ? vcpu : TargetOf(ref state);
            state.Active = true;
            state.Holder = (byte)(holder >= 0 ? holder : self);
            state.ActivePriority = state.Priority;
            state.ActiveGroup1 = state.Group1;
            state.Source = 0;
        }
    }

    /// <summary>IPRIORITYR.</summary>
    internal uint ReadPriority(int self, int vcpu, uint interrupt)
    {
        Enter(self);
        uint value = Get(vcpu, interrupt).Priority;
        Exit(self);
        return value;
    }

    /// <inheritdoc cref="ReadPriority"/>
    internal void WritePriority(int self, int vcpu, uint interrupt, uint value)
    {
        Enter(self);
        ref VirtualInterrupt state = ref Get(vcpu, interrupt);
        byte priority = (byte)(value & PriorityMask);
        if (priority != state.Priority)
        {
            state = ref BringHome(self, vcpu, interrupt);
            state.Priority = priority;
            Refresh(vcpu, interrupt, ref state);
        }

        Exit(self);
    }

    /// <summary>ITARGETSR of a shared interrupt: a bit for each VCpu.</summary>
    internal uint ReadTargets(int self, uint interrupt)
    {
        Enter(self);
        uint value = Get(self, interrupt).Targets;
        Exit(self);
        return value;
    }

    /// <inheritdoc cref="ReadTargets"/>
    internal void WriteTargets(int self, uint interrupt, uint value)
    {
        Enter(self);
        ref VirtualInterrupt state = ref BringHome(self, self, interrupt);
        state.Targets = (byte)(value & ((1u << _cpus.Length) - 1));
        Refresh(self, interrupt, ref state);
        Exit(self);
    }

    /// <summary>IROUTER of a shared interrupt.</summary>
    internal ulong ReadRoute(int self, uint interrupt)
    {
        Enter(self);
        ulong value = Get(self, interrupt).Route;
        Exit(self);
        return value;
    }

    /// <summary>Writes those bits of an IROUTER that <paramref name="mask"/> names.</summary>
    internal void WriteRoute(int self, uint interrupt, ulong value, ulong mask)
    {
        mask &= RouteToAny | RouteAffinities;
        Enter(self);
        ref VirtualInterrupt state = ref BringHome(self, self, interrupt);
        state.Route = (state.Route & ~mask) | (value & mask);
        Refresh(self, interrupt, ref state);
        Exit(self);
    }

    /// <summary>ICFGR of 16 interrupts: the higher bit of each two is 1 for edge-triggered ones.</summary>
    internal uint ReadConfiguration(int self, int vcpu, uint first)
    {
        uint result = 0;
        Enter(self);
        for (uint i = 0; i < 16; i++)
        {
            result |= Get(vcpu, first + i).Edge ? 2u << (int)(2 * i) : 0;
        }

        Exit(self);
        return result;
    }

    /// <summary>Writes the ICFGR of 16 shared interrupts; those of private ones are fixed.</summary>
    internal void WriteConfiguration(int self, uint first, uint value)
    {
        Enter(self);
        for (uint i = 0; i < 16; i++)
        {
            bool edge = (value >> (int)(2 * i) & 2) != 0;
            ref VirtualInterrupt state = ref Get(self, first + i);
            if (edge != state.Edge)
            {
                state = ref BringHome(self, self, first + i);
                state.Edge = edge;
                Refresh(self, first + i, ref state);
            }
        }

        Exit(self);
    }

    /// <summary>SPENDSGIR: the source VCpus for which an SGI of a GICv2 is pending, a bit each.</summary>
    internal uint ReadSgiSources(int self, uint interrupt)
    {
        Enter(self);
        uint value = BringHome(self, self, interrupt).Latched;
        Exit(self);
        return value;
    }

    /// <summary>SPENDSGIR and CPENDSGIR: sets (or clears) an SGI of a GICv2 for those source VCpus whose bit is 1.</summary>
    internal void WriteSgiSources(int self, uint interrupt, uint sources, bool value)
    {
        sources &= (1u << _cpus.Length) - 1;
        Enter(self);
        ref VirtualInterrupt state = ref BringHome(self, self, interrupt);
        state.Latched = (byte)(value ? state.Latched | sources : state.Latched & ~sources);
        Refresh(self, interrupt, ref state);
        Exit(self);
    }

    /// <summary>GICD_SGIR of a GICv2: makes an SGI pending with the calling VCpu as its source.</summary>
    /// <param name="self">The sender.</param>
    /// <param name="targets">A bit for each VCpu; those that aren't there are ignored.</param>
    /// <param name="interrupt">0 to 15.</param>
    internal void SendSgiTo(int self, uint targets, uint interrupt)
    {
        int source = 1 << self;
        int bit = 1 << (int)interrupt;
        for (targets &= (1u << _cpus.Length) - 1; targets != 0; targets &= targets - 1)
        {
            int target = BitOperations.TrailingZeroCount(targets);
            Interlocked.Or(ref _cpus[target].Senders[interrupt], source);
            Post(self, target, bit);
        }
    }

    /// <summary>GICR_WAKER.ProcessorSleep.</summary>
    internal bool IsAsleep(int vcpu) => Volatile.Read(ref _cpus[vcpu].Asleep);

    /// <inheritdoc cref="IsAsleep"/>
    internal void SetAsleep(int vcpu, bool value) => Volatile.Write(ref _cpus[vcpu].Asleep, value);
}

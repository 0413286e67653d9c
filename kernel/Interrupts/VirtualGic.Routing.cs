using System.Numerics;
using System.Runtime.CompilerServices;
using System.Threading;

namespace SharpVisor.Interrupts;

/// <content>Who has to do with an interrupt: the ready lists of the VCpus.</content>
public sealed partial class VirtualGic
{
    private const ulong RouteToAny = 1ul << 31;
    private const ulong RouteAffinities = 0xff_00ff_ffff;

    /// <summary>Whether the distributor would forward it: enabled, pending, and its group enabled.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsDeliverable(ref VirtualInterrupt state) =>
        state.Enabled && state.IsPending && (_groups >> (state.Group1 ? 1 : 0) & 1) != 0;

    /// <summary>
    /// Lists an interrupt on the VCpu that has to put it into a list register or look at it there, or on none.
    /// Called after every change of anything that this depends on.
    /// </summary>
    /// <param name="vcpu">Owner of a private interrupt; any for a shared one.</param>
    /// <param name="interrupt">INTID.</param>
    /// <param name="state">Its state.</param>
    private void Refresh(int vcpu, uint interrupt, ref VirtualInterrupt state)
    {
        int place = 0;
        if (state.Slot != 0 || state.Active)
        {
            place = state.Holder + 1;
        }
        else if (IsDeliverable(ref state))
        {
            place = (interrupt < PrivateCount ? vcpu : TargetOf(ref state)) + 1;
        }

        if (place != state.ListedOn)
        {
            if (state.ListedOn != 0)
            {
                Unlist(interrupt, ref state);
            }

            if (place != 0)
            {
                GicCpu cpu = _cpus[place - 1];
                int word = (int)(interrupt >> 6);
                cpu.Ready[word] |= 1ul << (int)(interrupt & 63);
                cpu.ReadySummary |= 1u << word;
                state.ListedOn = (byte)place;
            }
        }

        if (place != 0 && place - 1 != _holder)
        {
            _kicks |= 1u << (place - 1);
        }
    }

    private void Unlist(uint interrupt, ref VirtualInterrupt state)
    {
        GicCpu cpu = _cpus[state.ListedOn - 1];
        int word = (int)(interrupt >> 6);
        ulong left = cpu.Ready[word] & ~(1ul << (int)(interrupt & 63));
        cpu.Ready[word] = left;
        if (left == 0)
        {
            cpu.ReadySummary &= ~(1u << word);
        }

        state.ListedOn = 0;
    }

    /// <summary>
    /// The VCpu that gets a shared interrupt, or -1. Where several may, the first that runs does; where none of them
    /// runs, it waits for the first.
    /// </summary>
    private int TargetOf(ref VirtualInterrupt state)
    {
        if (_cpus.Length == 1)
        {
            // GICv2: ITARGETSR is RAZ/WI with one CPU.
            return Version == 2 || (state.Route & RouteToAny) != 0 || (state.Route & RouteAffinities) == 0 ? 0 : -1;
        }

        uint candidates = state.Targets;
        if (Version != 2)
        {
            if ((state.Route & RouteToAny) == 0)
            {
                ulong affinity = state.Route & RouteAffinities;
                return affinity < (ulong)_cpus.Length ? (int)affinity : -1;
            }

            candidates = (1u << _cpus.Length) - 1;
        }

        if (candidates == 0)
        {
            return -1;
        }

        for (uint left = candidates; left != 0; left &= left - 1)
        {
            int vcpu = BitOperations.TrailingZeroCount(left);
            if (_cpus[vcpu].Running)
            {
                return vcpu;
            }
        }

        return BitOperations.TrailingZeroCount(candidates);
    }

    /// <summary>Routes the shared interrupts again, because a VCpu came or went.</summary>
    private void RefreshShared()
    {
        for (int i = 0; i < _shared.Length; i++)
        {
            ref VirtualInterrupt state = ref _shared[i];
            if (state.IsPending || state.ListedOn != 0 || state.Slot != 0)
            {
                Refresh(0, (uint)(i + PrivateCount), ref state);
            }
        }
    }

    /// <summary>Takes over what was put into a VCpu's mailbox. With a GICv3 group 1 comes by SGI1R, group 0 by SGI0R.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void TakeMailbox(int vcpu) => TakeMailboxHere(vcpu, _cpus[vcpu]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void TakeMailboxHere(int vcpu, GicCpu cpu)
    {
        uint sent = (uint)Interlocked.Exchange(ref cpu.Mailbox, 0);
        for (; sent != 0; sent &= sent - 1)
        {
            int bit = BitOperations.TrailingZeroCount(sent);
            uint interrupt = (uint)bit & (SgiCount - 1);
            ref VirtualInterrupt state = ref cpu.Private[interrupt];
            byte latched = 1;
            if (Version == 2)
            {
                latched = (byte)Interlocked.Exchange(ref cpu.Senders[interrupt], 0);
                if (latched == 0)
                {
                    continue; // who sends it a second time had only begun when it was taken the last time
                }
            }
            else if (state.Group1 != bit < Group0MailboxShift)
            {
                continue;
            }

            if (vcpu == _holder && cpu.Running)
            {
                if (state.Slot != 0)
                {
                    Unload(vcpu, cpu, interrupt, ref state);
                }

                uint free = cpu.AllSlots & ~cpu.SlotsUsed;
                if (free != 0 && (state.Latched | state.ListedOn | (latched & (latched - 1))) == 0 && !state.Active && state.Enabled
                    && cpu.Reasons == MaintenanceReasons.None && (_groups >> (state.Group1 ? 1 : 0) & 1) != 0)
                {
                    LoadSgi(vcpu, cpu, interrupt, ref state, latched, BitOperations.TrailingZeroCount(free));
                    continue;
                }

                state.Latched |= latched;
                Arrive(vcpu, cpu, interrupt, ref state);
            }
            else
            {
                Latch(ref state, latched);
                Refresh(vcpu, interrupt, ref state);
            }
        }
    }

    /// <summary>
    /// An interrupt with its true state, in no list register: folded, recalled from another VCpu, hardware asked.
    /// The caller holds the lock, changes it and refreshes it.
    /// </summary>
    private ref VirtualInterrupt BringHome(int self, int vcpu, uint interrupt)
    {
        if (interrupt < SgiCount && Volatile.Read(ref _cpus[vcpu].Mailbox) != 0)
        {
            TakeMailbox(vcpu);
        }

        ref VirtualInterrupt state = ref Get(vcpu, interrupt);
        if (state.Slot != 0)
        {
            if (state.Holder == self)
            {
                FoldSlot(self, _cpus[self], state.Slot - 1);
            }
            else
            {
                Recall(state.Holder);
            }
        }
        else if (state.Hardware && vcpu == self)
        {
            Resample(_cpus[self], interrupt, ref state);
            Refresh(vcpu, interrupt, ref state);
        }

        return ref state;
    }
}

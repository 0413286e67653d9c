using System.Numerics;
using System.Runtime.CompilerServices;
using System.Threading;

namespace SharpVisor.Interrupts;

/// <content>
/// The way into the list registers and back. What is not in one and should be is listed among a VCpu's ready
/// interrupts; filling empties that list. Where not everything has room, pending interrupts that can be delivered
/// go first, by priority: the guest's next acknowledge is always right. Then the active ones; an end of one that
/// stayed outside is counted by the hardware. The maintenance interrupt says when another choice is due, and is
/// never asserted as it is set, so that it can't repeat without the guest having done something.
/// </content>
public sealed partial class VirtualGic
{
    // Order in which interrupts get list registers: class, priority, INTID; smaller goes first.
    private const int KeyClassShift = 24;
    private const int KeyPriorityShift = 16;
    private const uint KeyInterruptMask = 0xffff;
    private const uint ClassDeliverable = 0;
    private const uint ClassActive = 1;
    private const uint ClassMaskedGroup0 = 2;
    private const uint ClassMaskedGroup1 = 3;
    private const uint ClassCount = 4;

    /// <summary>Puts what is ready into the list registers of the calling VCpu.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Fill(int self, GicCpu cpu)
    {
        if (Volatile.Read(ref cpu.Mailbox) != 0)
        {
            TakeMailbox(self);
        }

        if (cpu.ReadySummary != 0 || cpu.Reasons != MaintenanceReasons.None)
        {
            FillReady(self, cpu);
        }

        if (cpu.PhysicalEnds != 0)
        {
            EndPhysical(cpu);
        }
    }

    private void FillReady(int self, GicCpu cpu)
    {
        if (cpu.Reasons != MaintenanceReasons.None)
        {
            FillCrowded(self, cpu);
            return;
        }

        while (cpu.ReadySummary != 0)
        {
            int word = BitOperations.TrailingZeroCount(cpu.ReadySummary);
            uint interrupt = (uint)((word * 64) + BitOperations.TrailingZeroCount(cpu.Ready[word]));
            ref VirtualInterrupt state = ref Get(self, interrupt);
            if (state.Slot != 0)
            {
                // It is in a list register and something came up meanwhile.
                FoldSlot(self, cpu, state.Slot - 1);
                if (state.ListedOn != self + 1)
                {
                    continue;
                }
            }

            if (state.Hardware && HasGone(self, cpu, interrupt, ref state))
            {
                continue;
            }

            if (!TryFindSlot(self, cpu, out int slot))
            {
                FillCrowded(self, cpu);
                return;
            }

            Unlist(interrupt, ref state);
            Load(self, cpu, interrupt, ref state, slot);
        }
    }

    /// <summary>Chooses anew what is in the list registers, because not everything has room, or had none before.</summary>
    private void FillCrowded(int self, GicCpu cpu)
    {
        FoldAll(self, cpu);

        uint[] best = cpu.Best;
        int room = BitOperations.TrailingZeroCount(~cpu.AllSlots);
        int chosen = 0;
        uint lettingThrough = cpu.Interface.EnabledGroups();
        uint waitingClasses = 0;
        for (uint words = cpu.ReadySummary; words != 0; words &= words - 1)
        {
            int word = BitOperations.TrailingZeroCount(words);
            for (ulong bits = cpu.Ready[word]; bits != 0; bits &= bits - 1)
            {
                uint interrupt = (uint)((word * 64) + BitOperations.TrailingZeroCount(bits));
                ref VirtualInterrupt candidate = ref Get(self, interrupt);
                if (candidate.Hardware && HasGone(self, cpu, interrupt, ref candidate))
                {
                    continue;
                }

                uint key = KeyOf(interrupt, ref candidate, lettingThrough);
                if (chosen < room)
                {
                    chosen++;
                }
                else
                {
                    uint last = best[room - 1];
                    waitingClasses |= 1u << (int)((key > last ? key : last) >> KeyClassShift);
                    if (key > last)
                    {
                        continue;
                    }
                }

                int place = chosen - 1;
                for (; place > 0 && best[place - 1] > key; place--)
                {
                    best[place] = best[place - 1];
                }

                best[place] = key;
            }
        }

        for (int slot = 0; slot < chosen; slot++)
        {
            uint interrupt = best[slot] & KeyInterruptMask;
            ref VirtualInterrupt state = ref Get(self, interrupt);
            Unlist(interrupt, ref state);
            Load(self, cpu, interrupt, ref state, slot);
        }

        MaintenanceReasons reasons = ReasonsFor(waitingClasses, lettingThrough);
        if (reasons != cpu.Reasons)
        {
            cpu.Reasons = reasons;
            cpu.Interface.SetMaintenance(reasons);
        }
    }

    private static uint KeyOf(uint interrupt, ref VirtualInterrupt state, uint lettingThrough)
    {
        if (state.Active)
        {
            return (ClassActive << KeyClassShift) | ((uint)state.ActivePriority << KeyPriorityShift) | interrupt;
        }

        uint group = state.Group1 ? 1u : 0;
        uint kind = (lettingThrough >> (int)group & 1) != 0 ? ClassDeliverable : ClassMaskedGroup0 + group;
        return (kind << KeyClassShift) | ((uint)state.Priority << KeyPriorityShift) | interrupt;
    }

    /// <summary>What must happen before another choice can be due, given what had no room.</summary>
    private static MaintenanceReasons ReasonsFor(uint waitingClasses, uint lettingThrough)
    {
        if (waitingClasses == 0)
        {
            return MaintenanceReasons.None;
        }

        MaintenanceReasons reasons = MaintenanceReasons.None;
        if ((waitingClasses & (1u << (int)ClassDeliverable)) != 0)
        {
            // Every list register is pending now, and by a group that is let through.
            reasons |= MaintenanceReasons.NonePending;
            reasons |= (lettingThrough & 1) != 0 ? MaintenanceReasons.Group0Disabled : MaintenanceReasons.None;
            reasons |= (lettingThrough & 2) != 0 ? MaintenanceReasons.Group1Disabled : MaintenanceReasons.None;
        }

        if ((waitingClasses & (1u << (int)ClassActive)) != 0)
        {
            reasons |= MaintenanceReasons.EndNotPresent;
        }

        if ((waitingClasses & (1u << (int)ClassMaskedGroup0)) != 0)
        {
            reasons |= MaintenanceReasons.Group0Enabled;
        }

        if ((waitingClasses & (1u << (int)ClassMaskedGroup1)) != 0)
        {
            reasons |= MaintenanceReasons.Group1Enabled;
        }

        return reasons;
    }

    /// <summary>A list register to write to; those whose interrupts the guest ended are taken back where no other is left.</summary>
    private bool TryFindSlot(int self, GicCpu cpu, out int slot)
    {
        uint free = cpu.AllSlots & ~cpu.SlotsUsed;
        if (free == 0)
        {
            for (uint empty = cpu.Interface.EmptyListRegisters() & cpu.SlotsUsed; empty != 0; empty &= empty - 1)
            {
                FoldSlot(self, cpu, BitOperations.TrailingZeroCount(empty));
            }

            free = cpu.AllSlots & ~cpu.SlotsUsed;
        }

        slot = BitOperations.TrailingZeroCount(free);
        return free != 0;
    }

    /// <summary>
    /// An interrupt that is in no list register became pending for the calling VCpu: straight into one where that
    /// leaves nothing to choose.
    /// </summary>
    private void Arrive(int self, GicCpu cpu, uint interrupt, ref VirtualInterrupt state)
    {
        uint free = cpu.AllSlots & ~cpu.SlotsUsed;
        if (free != 0 && state.ListedOn == 0 && cpu.Reasons == MaintenanceReasons.None && IsDeliverable(ref state))
        {
            Load(self, cpu, interrupt, ref state, BitOperations.TrailingZeroCount(free));
            return;
        }

        Refresh(self, interrupt, ref state);
    }

    /// <summary>As <see cref="Load"/>, for an SGI that has just been sent, by one VCpu, and is not active.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void LoadSgi(int self, GicCpu cpu, uint interrupt, ref VirtualInterrupt state, byte latched, int slot)
    {
        // Bit 0 alone for a GICv3: the source is then 0, and the field where it stands is 0 there.
        state.Source = (byte)BitOperations.TrailingZeroCount((uint)latched);
        state.Latched = latched;
        state.Taken = latched;
        state.Slot = (byte)(slot + 1);
        state.Holder = (byte)self;
        cpu.SlotOwner[slot] = (ushort)interrupt;
        cpu.SlotsUsed |= 1u << slot;
        ulong value = interrupt | ListRegister.Pending | ((ulong)state.Priority << ListRegister.PriorityShift)
            | ((ulong)state.Source << ListRegister.SourceShift);
        cpu.Interface.WriteListRegister(slot, state.Group1 ? value | ListRegister.Group1 : value);
        if (cpu.IsTraced)
        {
            _environment.NoteInjection(self, interrupt);
        }
    }

    /// <summary>Writes an interrupt that is active, or pending and deliverable, into a free list register of the calling VCpu.</summary>
    private void Load(int self, GicCpu cpu, uint interrupt, ref VirtualInterrupt state, int slot)
    {
        ulong value = interrupt;
        bool byLine = state.Line && !state.Edge;
        bool linked = state.Hardware;
        byte taken = 0;
        if (!state.Active)
        {
            value |= ListRegister.Pending | ((ulong)state.Priority << ListRegister.PriorityShift);
            value |= state.Group1 ? ListRegister.Group1 : 0;
            taken = state.Latched;
            if (interrupt < SgiCount && Version == 2)
            {
                state.Source = (byte)BitOperations.TrailingZeroCount((uint)state.Latched);
                taken = (byte)(1 << state.Source);
                value |= (ulong)state.Source << ListRegister.SourceShift;
            }

            if (!linked && (byLine || taken != state.Latched))
            {
                value |= ListRegister.EndMaintenance;
            }
        }
        else
        {
            value |= ListRegister.Active | ((ulong)state.ActivePriority << ListRegister.PriorityShift);
            value |= state.ActiveGroup1 ? ListRegister.Group1 : 0;
            if (interrupt < SgiCount && Version == 2)
            {
                value |= (ulong)state.Source << ListRegister.SourceShift;
            }

            if (linked)
            {
                // The hardware raises it again, if it still has reason to, when it is deactivated. A list register
                // that is pending and active can't be linked, so what was latched besides has to be seen to.
                linked = state.Latched == 0;
                value |= linked ? 0 : ListRegister.EndMaintenance;
            }
            else if (IsDeliverable(ref state))
            {
                // An edge can wait in the list register behind the active one, if it would look the same there.
                if (!byLine && state.Priority == state.ActivePriority && state.Group1 == state.ActiveGroup1
                    && (state.Latched == 1 << state.Source || interrupt >= SgiCount))
                {
                    value |= ListRegister.Pending;
                    taken = state.Latched;
                }
                else
                {
                    value |= ListRegister.EndMaintenance;
                }
            }
        }

        if (linked)
        {
            value |= ListRegister.Hardware | ((ulong)interrupt << ListRegister.PhysicalShift);
        }

        state.Taken = taken;
        state.Slot = (byte)(slot + 1);
        state.Holder = (byte)self;
        cpu.SlotOwner[slot] = (ushort)interrupt;
        cpu.SlotsUsed |= 1u << slot;
        cpu.Interface.WriteListRegister(slot, value);
        if (cpu.IsTraced && !linked)
        {
            _environment.NoteInjection(self, interrupt);
        }
    }

    /// <summary>
    /// The usual case of a timer: the guest has deactivated the interrupt in its list register, and with it the physical
    /// one, which has come again. The list register is right but for its state, unless the interrupt was changed while it
    /// was active there.
    /// </summary>
    private bool TryRepeat(GicCpu cpu, ref VirtualInterrupt state)
    {
        int slot = state.Slot - 1;
        ulong value = cpu.Interface.ReadListRegister(slot);
        state.Line = true;
        ulong wanted = ListRegister.Hardware | ((ulong)state.Priority << ListRegister.PriorityShift) | (state.Group1 ? ListRegister.Group1 : 0);
        const ulong compared = ListRegister.Hardware | (0xfful << ListRegister.PriorityShift) | ListRegister.Group1 | ListRegister.Pending | ListRegister.Active;
        if ((value & compared) != wanted || (state.Latched | state.Incoming | state.ListedOn) != 0 || !IsDeliverable(ref state))
        {
            return false;
        }

        cpu.Interface.WriteListRegister(slot, value | ListRegister.Pending);
        return true;
    }

    /// <summary>Takes the truth about an interrupt out of its list register, and decides where it belongs now.</summary>
    private void FoldSlot(int vcpu, GicCpu cpu, int slot)
    {
        uint interrupt = cpu.SlotOwner[slot];
        ref VirtualInterrupt state = ref Get(vcpu, interrupt);
        Unload(vcpu, cpu, interrupt, ref state);
        Refresh(vcpu, interrupt, ref state);
    }

    /// <summary>Takes the truth about an interrupt out of its list register. On the CPU of the VCpu that holds it.</summary>
    private void Unload(int vcpu, GicCpu cpu, uint interrupt, ref VirtualInterrupt state)
    {
        int slot = state.Slot - 1;
        ulong value = cpu.Interface.ReadListRegister(slot);
        state.Slot = 0;
        cpu.SlotsUsed &= ~(1u << slot);
        if ((value & (ListRegister.Pending | ListRegister.Active | ListRegister.EndMaintenance)) != 0)
        {
            // The last one alone keeps the maintenance interrupt asserted.
            cpu.Interface.WriteListRegister(slot, 0);
        }

        bool pending = (value & ListRegister.Pending) != 0;
        state.Active = (value & ListRegister.Active) != 0;
        if (state.Active)
        {
            state.ActivePriority = (byte)ListRegister.Priority(value);
            state.ActiveGroup1 = (value & ListRegister.Group1) != 0;
        }

        if (!pending)
        {
            state.Latched &= (byte)~state.Taken;
        }

        state.Latched |= state.Incoming;
        state.Incoming = 0;
        if (state.Hardware)
        {
            if (!pending && !state.Active)
            {
                // Deactivated by the guest, and with it the physical one: it comes again if there is reason to.
                state.Hardware = false;
                state.Line = false;
                cpu.PhysicalEnds |= (value & ListRegister.Hardware) != 0 ? 0 : 1u << (int)interrupt;
            }
            else
            {
                Resample(cpu, interrupt, ref state);
            }
        }
    }

    /// <summary>
    /// Folds the one list register that is in use, where the guest has ended the private interrupt that was in it and there
    /// is nothing else to say of it. False where it is not so. On the VCpu's CPU.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryFoldOne(GicCpu cpu)
    {
        uint used = cpu.SlotsUsed;
        if ((used & (used - 1)) != 0 || used == 0 || cpu.Reasons != MaintenanceReasons.None
            || (cpu.Interface.EmptyListRegisters() & used) == 0)
        {
            return false;
        }

        uint interrupt = cpu.SlotOwner[BitOperations.TrailingZeroCount(used)];
        if (interrupt >= PrivateCount || !cpu.Private[interrupt].HasOnlyTaken)
        {
            return false;
        }

        ref VirtualInterrupt state = ref cpu.Private[interrupt];
        state.Slot = 0;
        state.Active = false;
        state.Latched = 0;
        cpu.SlotsUsed = 0;
        return true;
    }

    /// <summary>Folds all list registers of a VCpu. On its CPU.</summary>
    private void FoldAll(int vcpu, GicCpu cpu)
    {
        if (cpu.Reasons != MaintenanceReasons.None)
        {
            CollectEnds(vcpu, cpu);
        }

        if (cpu.SlotsUsed == 0)
        {
            return;
        }

        uint empty = cpu.Interface.EmptyListRegisters();
        for (uint used = cpu.SlotsUsed; used != 0; used &= used - 1)
        {
            int slot = BitOperations.TrailingZeroCount(used);
            ref VirtualInterrupt state = ref Get(vcpu, cpu.SlotOwner[slot]);
            if ((empty >> slot & 1) != 0 && state.HasOnlyTaken)
            {
                // The guest has ended it, and there is nothing else to say of it.
                state.Slot = 0;
                state.Active = false;
                state.Latched = 0;
                cpu.SlotsUsed &= ~(1u << slot);
            }
            else
            {
                FoldSlot(vcpu, cpu, slot);
            }
        }
    }

    /// <summary>
    /// Deactivates what the guest ended outside the list registers, while it is still known what was outside. On the
    /// VCpu's CPU. The guest ends the interrupts it is in from the highest priority on.
    /// </summary>
    private void CollectEnds(int vcpu, GicCpu cpu)
    {
        if ((cpu.Reasons & MaintenanceReasons.EndNotPresent) == 0)
        {
            return;
        }

        for (int ended = cpu.Interface.TakeEndCount(); ended > 0; ended--)
        {
            EndOutsideListRegisters(vcpu, cpu);
        }
    }

    private void EndOutsideListRegisters(int vcpu, GicCpu cpu)
    {
        uint best = uint.MaxValue;
        for (uint words = cpu.ReadySummary; words != 0; words &= words - 1)
        {
            int word = BitOperations.TrailingZeroCount(words);
            for (ulong bits = cpu.Ready[word]; bits != 0; bits &= bits - 1)
            {
                uint interrupt = (uint)((word * 64) + BitOperations.TrailingZeroCount(bits));
                ref VirtualInterrupt state = ref Get(vcpu, interrupt);
                uint key = ((uint)state.ActivePriority << KeyPriorityShift) | interrupt;
                if (state.Active && state.Slot == 0 && key < best)
                {
                    best = key;
                }
            }
        }

        if (best != uint.MaxValue)
        {
            uint interrupt = best & KeyInterruptMask;
            ref VirtualInterrupt state = ref Get(vcpu, interrupt);
            EndActive(vcpu, interrupt, ref state);
            Refresh(vcpu, interrupt, ref state);
        }
    }

    /// <summary>Ends the active state of an interrupt that is in no list register; its hardware follows.</summary>
    /// <param name="vcpu">Owner of a private interrupt.</param>
    /// <param name="interrupt">INTID.</param>
    /// <param name="state">Its state.</param>
    private void EndActive(int vcpu, uint interrupt, ref VirtualInterrupt state)
    {
        state.Active = false;
        if (state.Hardware)
        {
            state.Hardware = false;
            state.Line = false;
            GicCpu cpu = _cpus[vcpu];
            cpu.PhysicalEnds |= 1u << (int)interrupt;
            if (cpu.Running)
            {
                _kicks |= vcpu == _holder ? 0 : 1u << vcpu;
            }
        }
    }

    /// <summary>Asks hardware for the level of its interrupt, on the VCpu's CPU. One that went away is let go.</summary>
    private void Resample(GicCpu cpu, uint interrupt, ref VirtualInterrupt state)
    {
        state.Line = _environment.IsHardwareAsserted(interrupt);
        if (!state.Line && !state.Active)
        {
            state.Hardware = false;
            cpu.PhysicalEnds |= 1u << (int)interrupt;
        }
    }

    /// <summary>Whether an interrupt of hardware that is ready is so no longer: its line may have fallen meanwhile.</summary>
    private bool HasGone(int self, GicCpu cpu, uint interrupt, ref VirtualInterrupt state)
    {
        Resample(cpu, interrupt, ref state);
        Refresh(self, interrupt, ref state);
        return state.ListedOn != self + 1;
    }

    private static void EndPhysical(GicCpu cpu)
    {
        for (; cpu.PhysicalEnds != 0; cpu.PhysicalEnds &= cpu.PhysicalEnds - 1)
        {
            cpu.Interface.DeactivatePhysical((uint)BitOperations.TrailingZeroCount(cpu.PhysicalEnds));
        }
    }

    /// <summary>Makes an interrupt pending for another reason than its line.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Latch(ref VirtualInterrupt state, byte bit)
    {
        if (state.Slot != 0)
        {
            state.Incoming |= bit;
        }
        else
        {
            state.Latched |= bit;
        }
    }
}

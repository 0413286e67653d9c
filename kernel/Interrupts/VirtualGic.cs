using System.Numerics;
using System.Runtime.CompilerServices;
using System.Threading;

namespace SharpVisor.Interrupts;

/// <summary>
/// The interrupts of a VM: the state of each as the GIC architecture defines it (Arm IHI 0048 and IHI 0069), and
/// how they get into the list registers of the VCpus. The register frames that guests see stand on top
/// (<see cref="GicDistributor"/>, <see cref="GicRedistributor"/>).
/// </summary>
/// <remarks>
/// An interrupt in a list register is changed by the guest without an exit. The truth about it is there; folding
/// brings it back. A VCpu folds its own list registers; to change an interrupt that another one holds, the
/// lock's owner recalls it: it asks that VCpu to fold and waits, and everybody who waits for the lock answers.
/// Whoever gives the lock back first fills its own list registers again.
/// <para>
/// Lock order: devices' locks come before the GIC's in no case: a device gives its own lock back before it calls
/// <see cref="SetLine"/>. The holder of the GIC's lock takes no other lock, and waits for nothing but a recall. A
/// VCpu always answers one: in its guest or in WFI the kick brings it to <see cref="ServiceRequests"/>, at this lock
/// it answers while it waits, and what else it may wait for at EL2 is not held by anybody who wants this lock.
/// Recalls are for register accesses alone; a device's line and an SGI never wait for another VCpu.
/// </para>
/// </remarks>
public sealed partial class VirtualGic
{
    /// <summary>Number of INTIDs: as many as QEMU's virt machine has.</summary>
    public const int InterruptCount = 288;

    /// <summary>Most VCpus that one GICv2 can have, and most that list registers here know of.</summary>
    public const int MaximumVCpus = 8;

    /// <summary>The self of a caller whose CPU runs none of the VM's VCpus.</summary>
    public const int Nobody = -1;

    private const int PrivateCount = GicCpu.PrivateCount;
    internal const int SgiCount = 16;

    // ICC_SGI1R_EL1 (IHI 0069, 12.2.18). Aff3, Aff2 and Aff1 are 0 for every VCpu, and a range other than 0 names none.
    private const ulong SgiToAllOthers = 1ul << 40;
    private const ulong SgiOtherAffinities = 0x00ff_f0ff_00ff_0000;
    private const int SgiInterruptShift = 24;
    private const int Group0MailboxShift = 16;

    private readonly GicEnvironment _environment;
    private readonly VirtualInterrupt[] _shared = new VirtualInterrupt[InterruptCount - PrivateCount];
    private readonly GicCpu[] _cpus;
    private Arch.SpinLock _lock;

    // All of these belong to the holder of the lock.
    private uint _groups;
    private uint _kicks;
    private uint _recalled;
    private int _holder = Nobody;

    /// <summary>Makes the GIC of a VM, in its reset state.</summary>
    /// <param name="version">2 or 3.</param>
    /// <param name="interfaces">The virtual CPU interface of each of 1 to <see cref="MaximumVCpus"/> VCpus; the same object where it acts on the calling CPU.</param>
    /// <param name="environment">The machine.</param>
    public VirtualGic(int version, VirtualCpuInterface[] interfaces, GicEnvironment environment)
    {
        Version = version;
        _environment = environment;
        _cpus = new GicCpu[interfaces.Length];
        for (int i = 0; i < interfaces.Length; i++)
        {
            _cpus[i] = new GicCpu(interfaces[i]);
        }

        Reset();
    }

    /// <summary>Asks to be told of what is injected, or no longer (<see cref="GicEnvironment.NoteInjection"/>).</summary>
    public void SetTraced(bool isTraced)
    {
        for (int i = 0; i < _cpus.Length; i++)
        {
            _cpus[i].IsTraced = isTraced;
        }
    }

    /// <summary>Architecture version that the guest sees: 2 or 3.</summary>
    public int Version { get; }

    /// <summary>Number of VCpus.</summary>
    public int VCpuCount => _cpus.Length;

    /// <summary>Puts everything into the state after power-on. No VCpu may be running.</summary>
    public void Reset()
    {
        _groups = 0;
        for (int i = 0; i < _shared.Length; i++)
        {
            _shared[i] = default;
        }

        for (int i = 0; i < _cpus.Length; i++)
        {
            GicCpu cpu = _cpus[i];
            for (int j = 0; j < PrivateCount; j++)
            {
                cpu.Private[j] = default;
                cpu.Private[j].Edge = j < SgiCount;

                // GICv2: SGIs are always enabled (IHI 0048, 3.1.3 lets them; QEMU's are).
                cpu.Private[j].Enabled = j < SgiCount && Version == 2;
            }

            for (int j = 0; j < cpu.Ready.Length; j++)
            {
                cpu.Ready[j] = 0;
            }

            cpu.ReadySummary = 0;
            cpu.SlotsUsed = 0;
            cpu.PhysicalEnds = 0;
            cpu.Linked = 0;
            cpu.Reasons = MaintenanceReasons.None;
            cpu.Mailbox = 0;
            for (int j = 0; j < cpu.Senders.Length; j++)
            {
                cpu.Senders[j] = 0;
            }

            cpu.Asleep = true;
        }
    }

    /// <summary>The VCpu comes onto its CPU: its interface starts from reset.</summary>
    public void RestoreContext(int self)
    {
        GicCpu cpu = _cpus[self];
        Enter(self);
        cpu.Interface.Start();
        cpu.Reasons = MaintenanceReasons.None;
        cpu.SlotsUsed = 0;
        Volatile.Write(ref cpu.Running, true);

        // A sender puts its SGI into the mailbox and then looks whether to kick; here it is the other way round.
        Interlocked.MemoryBarrier();
        RefreshShared();
        Exit(self);
    }

    /// <summary>The VCpu leaves its CPU: what is in its list registers comes back, and hardware is let go.</summary>
    public void SaveContext(int self)
    {
        GicCpu cpu = _cpus[self];
        Enter(self);
        FoldAll(self, cpu);
        Volatile.Write(ref cpu.Running, false);
        for (uint i = SgiCount; i < PrivateCount; i++)
        {
            LetGo(self, cpu, i, ref cpu.Private[i]);
        }

        EndPhysical(cpu);
        cpu.Interface.Stop();
        RefreshShared();
        Exit(self);
    }

    /// <summary>The VCpu leaves its CPU for a while; what has to do with it goes on without it.</summary>
    public void SwitchOut(int self)
    {
        GicCpu cpu = _cpus[self];
        if ((cpu.SlotsUsed | cpu.Linked | cpu.PhysicalEnds | (uint)cpu.Reasons) == 0)
        {
            // Nothing of it is anywhere that another VCpu could ask for: who sends something sees that it has left, or is
            // seen by whoever blocks it.
            Volatile.Write(ref cpu.Running, false);
            cpu.Interface.Save(cpu.InterfaceState);
        }
        else
        {
            FoldAndSwitchOut(self, cpu);
        }
    }

    /// <summary>The VCpu comes onto a CPU again, as <see cref="SwitchOut"/> left it.</summary>
    public void SwitchIn(int self)
    {
        GicCpu cpu = _cpus[self];
        cpu.Interface.Load(cpu.InterfaceState, cpu.Reasons);
        Volatile.Write(ref cpu.Running, true);

        // A sender leaves what it has and then looks whom to tell; here it is the other way round.
        Interlocked.MemoryBarrier();
        bool isCrowded = Volatile.Read(ref cpu.ReadySummary) != 0 || cpu.Reasons != MaintenanceReasons.None;
        if (isCrowded)
        {
            ServiceRequests(self);
        }
        else if (Volatile.Read(ref cpu.Mailbox) != 0)
        {
            TakeSent(self, cpu);
        }
    }

    /// <summary>Whether something waits for a VCpu that is switched out, and would wake it from WFI.</summary>
    public bool HasWaitingFor(int vcpu) =>
        Volatile.Read(ref _cpus[vcpu].Mailbox) != 0 || Volatile.Read(ref _cpus[vcpu].ReadySummary) != 0;

    /// <summary>Whether a VCpu's private interrupt is enabled. Whoever enables one for another VCpu wakes that.</summary>
    public bool IsEnabled(int vcpu, uint interrupt) => Volatile.Read(ref _cpus[vcpu].Private[interrupt].Enabled);

    /// <summary>
    /// The work of a VCpu was given up in the middle because of a bug, and its VM is being stopped: if it held the lock
    /// or was in line for it, others must not wait for it for ever. What they see may be wrong, but is theirs.
    /// </summary>
    public void GiveUp(int self)
    {
        GicCpu cpu = _cpus[self];
        if (_holder != self)
        {
            if (!cpu.IsWaiting)
            {
                return;
            }

            while (!_lock.IsServed(cpu.Ticket))
            {
                Volatile.Write(ref cpu.RecallRequested, 0);
                _environment.WhileWaiting();
            }
        }

        // Whom it wanted to recall has nobody to answer to.
        for (int i = 0; i < _cpus.Length; i++)
        {
            Volatile.Write(ref _cpus[i].RecallRequested, 0);
        }

        cpu.IsWaiting = false;
        _holder = Nobody;
        _lock.Release();
    }

    /// <summary>Answers a kick: folds where another VCpu asked for it, then takes what is new.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void ServiceRequests(int self)
    {
        Enter(self);
        Exit(self);
    }

    /// <summary>The maintenance interrupt of the VCpu's interface: level lines are sampled again, free list registers filled.</summary>
    public void HandleMaintenance(int self)
    {
        GicCpu cpu = _cpus[self];
        Enter(self);
        CollectEnds(self, cpu);
        for (uint ended = cpu.Interface.EndedListRegisters() & cpu.SlotsUsed; ended != 0; ended &= ended - 1)
        {
            FoldSlot(self, cpu, BitOperations.TrailingZeroCount(ended));
        }

        Exit(self);
    }

    /// <summary>Folds the list registers for a VCpu that waits for it holding the lock. Only on the VCpu's own CPU, with its kick still to be taken.</summary>
    public void AnswerRecall(int self)
    {
        GicCpu cpu = _cpus[self];
        if (Volatile.Read(ref cpu.RecallRequested) != 0)
        {
            FoldAll(self, cpu);
            Volatile.Write(ref cpu.RecallRequested, 0);
        }
    }

    /// <summary>
    /// A level-sensitive private interrupt that hardware raised on the CPU of the VCpu. The physical one stays active
    /// until the guest deactivates the virtual one, which its CPU interface passes on.
    /// </summary>
    /// <param name="self">The VCpu, running on the calling CPU.</param>
    /// <param name="interrupt">INTID, 16 to 31: the guest has the machine's numbers.</param>
    public void InjectHardware(int self, uint interrupt)
    {
        GicCpu cpu = _cpus[self];
        Enter(self);
        ref VirtualInterrupt state = ref cpu.Private[interrupt & (PrivateCount - 1)];
        if (state.Slot == 0 || !TryRepeat(cpu, ref state))
        {
            if (state.Slot != 0)
            {
                Unload(self, cpu, interrupt, ref state);
            }

            state.Hardware = true;
            state.Line = true;
            cpu.Linked |= 1u << (int)interrupt;
            cpu.PhysicalEnds &= ~(1u << (int)interrupt);
            Arrive(self, cpu, interrupt, ref state);
        }

        Exit(self);
    }

    /// <summary>The line of a device changed. The level is read under the lock, so that the last change counts.</summary>
    /// <param name="self">The calling VCpu, or <see cref="Nobody"/>.</param>
    /// <param name="owner">VCpu of a private interrupt; any for a shared one.</param>
    /// <param name="interrupt">INTID, 16 to <see cref="InterruptCount"/> - 1.</param>
    /// <param name="level">The level, 0 or 1.</param>
    public void SetLine(int self, int owner, uint interrupt, ref int level)
    {
        Enter(self);
        ref VirtualInterrupt state = ref Get(owner, interrupt);
        bool asserted = Volatile.Read(ref level) != 0;
        if (asserted != state.Line)
        {
            state.Line = asserted;
            if (!state.Edge)
            {
                Refresh(owner, interrupt, ref state);
            }
            else if (asserted)
            {
                Latch(ref state, 1);
                Refresh(owner, interrupt, ref state);
            }
        }

        Exit(self);
    }

    /// <summary>
    /// A shared interrupt becomes pending by a message, as by GICD_SETSPI_NSR, until a VCpu takes it: edge-triggered or
    /// level-sensitive is the same to it, and it waits for no VCpu.
    /// </summary>
    /// <param name="self">The calling VCpu, or <see cref="Nobody"/>.</param>
    /// <param name="interrupt">INTID, 32 to <see cref="InterruptCount"/> - 1.</param>
    public void Signal(int self, uint interrupt)
    {
        Enter(self);
        ref VirtualInterrupt state = ref Get(0, interrupt);
        Latch(ref state, 1);
        Refresh(0, interrupt, ref state);
        Exit(self);
    }

    /// <summary>A write of ICC_SGI1R_EL1: group 1 (IHI 0069, 12.2.18).</summary>
    public void SendSgi(int self, ulong value) => Send(self, value, 0);

    /// <summary>A write of ICC_SGI0R_EL1: group 0 (IHI 0069, 12.2.17).</summary>
    public void SendGroup0Sgi(int self, ulong value) => Send(self, value, Group0MailboxShift);

    /// <summary>
    /// A write of ICC_DIR_EL1 or GICC_DIR that did not go to a list register (IHI 0069, 12.2.9): deactivates an
    /// interrupt, whichever VCpu holds it.
    /// </summary>
    public void Deactivate(int self, uint interrupt)
    {
        if (interrupt >= InterruptCount)
        {
            return;
        }

        Enter(self);
        ref VirtualInterrupt state = ref BringHome(self, self, interrupt);
        if (state.Active)
        {
            EndActive(self, interrupt, ref state);
            Refresh(self, interrupt, ref state);
        }

        Exit(self);
    }

    /// <summary>Whether something waits for the VCpu that would wake it from WFI. On its own CPU only.</summary>
    public bool HasPendingFor(int self)
    {
        GicCpu cpu = _cpus[self];
        if (Volatile.Read(ref cpu.Mailbox) != 0 || Volatile.Read(ref cpu.ReadySummary) != 0)
        {
            return true;
        }

        if (cpu.SlotsUsed == 0)
        {
            return false;
        }

        for (uint used = cpu.SlotsUsed & ~cpu.Interface.EmptyListRegisters(); used != 0; used &= used - 1)
        {
            if ((cpu.Interface.ReadListRegister(BitOperations.TrailingZeroCount(used)) & ListRegister.Pending) != 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Hardware is let go: its interrupt, if it still has reason to, comes again where the VCpu does.</summary>
    private void LetGo(int self, GicCpu cpu, uint interrupt, ref VirtualInterrupt state)
    {
        if (state.Hardware)
        {
            state.Hardware = false;
            state.Line = false;
            cpu.PhysicalEnds |= 1u << (int)interrupt;
            Refresh(self, interrupt, ref state);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void FoldAndSwitchOut(int self, GicCpu cpu)
    {
        Enter(self);
        if (!TryFoldOne(cpu))
        {
            FoldAll(self, cpu);
        }

        Volatile.Write(ref cpu.Running, false);
        for (uint linked = cpu.Linked; linked != 0; linked &= linked - 1)
        {
            uint interrupt = (uint)BitOperations.TrailingZeroCount(linked);
            LetGo(self, cpu, interrupt, ref cpu.Private[interrupt]);
        }

        cpu.Linked = 0;
        if (cpu.PhysicalEnds != 0)
        {
            EndPhysical(cpu);
        }

        cpu.Interface.Save(cpu.InterfaceState);
        if ((_kicks | _recalled) != 0)
        {
            Exit(self);
        }
        else
        {
            _holder = Nobody;
            _lock.Release();
        }
    }

    /// <summary>As <see cref="ServiceRequests"/>, where most likely SGIs are all there is.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void TakeSent(int self, GicCpu cpu)
    {
        Enter(self);
        TakeMailboxHere(self, cpu);
        if ((cpu.ReadySummary | cpu.PhysicalEnds | _kicks | _recalled) != 0)
        {
            Exit(self);
            return;
        }

        _holder = Nobody;
        _lock.Release();
    }

    private void Send(int self, ulong value, int shift)
    {
        int bit = 1 << (((int)(value >> SgiInterruptShift) & 15) + shift);
        if ((value & SgiToAllOthers) != 0)
        {
            for (int i = 0; i < _cpus.Length; i++)
            {
                if (i != self)
                {
                    Post(self, i, bit);
                }
            }

            return;
        }

        if ((value & SgiOtherAffinities) != 0)
        {
            return;
        }

        uint targets = (uint)value & ((1u << _cpus.Length) - 1);
        while (targets != 0)
        {
            int target = BitOperations.TrailingZeroCount(targets);
            targets &= targets - 1;
            Post(self, target, bit);
        }
    }

    /// <summary>Leaves an SGI in a VCpu's mailbox, without the lock. Only the first one in it needs a kick.</summary>
    private void Post(int self, int target, int bit)
    {
        GicCpu cpu = _cpus[target];
        int before = Interlocked.Or(ref cpu.Mailbox, bit);
        if (target == self)
        {
            ServiceRequests(self);
        }
        else if (before == 0)
        {
            Tell(target);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref VirtualInterrupt Get(int vcpu, uint interrupt)
    {
        if (interrupt < PrivateCount)
        {
            return ref _cpus[vcpu].Private[interrupt];
        }

        return ref _shared[interrupt - PrivateCount];
    }

    /// <summary>Takes the lock; while it waits it answers recalls, as the holder may be waiting for just that.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Enter(int self)
    {
        int ticket = _lock.TakeTicket();
        if (!_lock.IsServed(ticket))
        {
            Wait(self, ticket);
        }

        _holder = self;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Wait(int self, int ticket)
    {
        if (self < 0)
        {
            while (!_lock.IsServed(ticket))
            {
                _environment.WhileWaiting();
            }

            return;
        }

        GicCpu cpu = _cpus[self];
        cpu.Ticket = ticket;
        cpu.IsWaiting = true;
        while (!_lock.IsServed(ticket))
        {
            AnswerRecall(self);
            _environment.WhileWaiting();
        }

        cpu.IsWaiting = false;
    }

    /// <summary>Fills the caller's list registers, gives the lock back and kicks the VCpus for which there is something new.</summary>
    private void Exit(int self)
    {
        if (self >= 0)
        {
            GicCpu cpu = _cpus[self];
            if (cpu.Running)
            {
                Fill(self, cpu);
            }
        }

        // Who was recalled has a kick already, and takes the lock after us.
        uint kicks = _kicks & ~_recalled;
        if ((_kicks | _recalled) != 0)
        {
            _kicks = 0;
            _recalled = 0;
        }

        _holder = Nobody;
        _lock.Release();
        while (kicks != 0)
        {
            Tell(BitOperations.TrailingZeroCount(kicks));
            kicks &= kicks - 1;
        }
    }

    /// <summary>Tells a VCpu that there is something for it. It may come or go meanwhile: then it looks by itself.</summary>
    private void Tell(int vcpu)
    {
        if (Volatile.Read(ref _cpus[vcpu].Running))
        {
            _environment.Kick(vcpu);
        }
        else
        {
            _environment.Wake(vcpu);
        }
    }

    /// <summary>Makes another VCpu fold its list registers. The caller holds the lock.</summary>
    private void Recall(int vcpu)
    {
        GicCpu cpu = _cpus[vcpu];
        if (!cpu.Running || cpu.SlotsUsed == 0)
        {
            return;
        }

        Volatile.Write(ref cpu.RecallRequested, 1);
        _environment.Kick(vcpu);
        while (Volatile.Read(ref cpu.RecallRequested) != 0)
        {
            _environment.WhileWaiting();
        }

        _recalled |= 1u << vcpu;
    }
}

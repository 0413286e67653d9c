using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Threading;
using SharpVisor.Arch;
using SharpVisor.Formats;
using SharpVisor.Interrupts;
using SharpVisor.Scheduling;

namespace SharpVisor.Cpu;

/// <summary>
/// The scheduler's policy applied to the machine: which VCpu runs where, who sleeps until when, whom to tell. The policy
/// and the sleepers stand under one lock, which is the last in any order: nothing is called with it held but the policy.
/// </summary>
/// <remarks>Runs with a guest's SIMD registers live, so it is free of them (the build checks it).</remarks>
internal static class Dispatcher
{
    /// <summary>Most VCpus that the machine can have.</summary>
    internal const int MaximumVCpus = 256;

    private const ulong CapPeriod = 10_000; // microseconds
    private const ulong SmallestQuota = 10;

    private static Scheduler? s_scheduler;
    private static PhysicalCpu?[]? s_cpus;
    private static SpinLock s_lock;
    private static ulong s_holder;
    private static int s_cpuCount;
    private static int s_added;
    private static int s_heldToShare;
    private static bool s_isShared;

    /// <summary>Takes up the CPUs that take part; before any VCpu is added.</summary>
    internal static void Initialise(PhysicalCpu?[] cpus, int count)
    {
        s_cpus = cpus;
        s_cpuCount = count;
        for (int i = 0; i < count; i++)
        {
            cpus[i]!.SchedulerIndex = i;
        }

        Volatile.Write(ref s_scheduler, new Scheduler(count, SystemRegisters.ReadCntfrqEl0()));
    }

    /// <summary>Whether CPUs may ask.</summary>
    internal static bool IsReady => Volatile.Read(ref s_scheduler) != null;

    /// <summary>
    /// Whether the calling CPU holds the lock: what it was doing cannot be given up then, as nobody could go on with what is
    /// half done.
    /// </summary>
    internal static bool IsInside => s_holder == SystemRegisters.ReadTpidrEl2();

    /// <summary>
    /// Whether VCpus share CPUs: there are more of them than CPUs, or some are held to a share. Else each has a CPU of its
    /// own and may wait there by itself, without a trap; its waiting counts as running then.
    /// </summary>
    internal static bool IsShared => Volatile.Read(ref s_isShared);

    /// <summary>Gives a VCpu, which has not been added, its part of its VM's share of the processors.</summary>
    /// <param name="vcpu">The VCpu.</param>
    /// <param name="share">
    /// What the VM's definition says; sound, and of no more real time than one CPU can promise, so that nothing is refused
    /// here but CPUs none of which is there: then it may run on all.
    /// </param>
    /// <param name="count">Number of VCpus of the VM: each gets its part of the weight; cap and burst they have together.</param>
    internal static void SetShare(VCpu vcpu, in BundleScheduling share, uint count)
    {
        VCpuEntity entity = vcpu.Entity!;
        ulong now = SystemRegisters.ReadCntpctEl0();
        ulong period = FromMicroseconds(CapPeriod);
        ulong quota = Math.Min(period * share.Cap / 1000, period * count);
        Lock();
        Scheduler scheduler = s_scheduler!;
        scheduler.TrySetWeight(entity, Math.Max(share.Weight / count, SchedulingEntity.MinimumWeight), now);
        if (share.Cap != 0 && vcpu.Index != 0)
        {
            scheduler.TryShareCap(entity, vcpu.Vm!.VCpus[0].Entity!);
        }

        if (share.Cap != 0)
        {
            scheduler.TrySetCap(entity, Math.Max(quota, FromMicroseconds(SmallestQuota)), period, now);
            scheduler.TrySetBurst(entity, FromMicroseconds(share.Burst), now);
        }

        if (share.Cpus != 0)
        {
            scheduler.TrySetAffinity(entity, share.Cpus, now);
        }

        if (share.Budget != 0)
        {
            scheduler.TrySetRealTime(entity, FromMicroseconds(share.Budget), FromMicroseconds(share.Period), now);
        }

        Unlock();
        vcpu.IsHeldToShare = (share.Cap | share.Budget) != 0 || share.Cpus != 0;
    }

    /// <summary>A VCpu may run from now on. False where its reservation finds no room.</summary>
    internal static bool TryAdd(VCpu vcpu)
    {
        ulong now = SystemRegisters.ReadCntpctEl0();
        ulong kicks = 0;
        Lock();
        if (s_scheduler!.TryAdd(vcpu.Entity!, now))
        {
            s_added++;
            s_heldToShare += vcpu.IsHeldToShare ? 1 : 0;
            kicks = WakeLocked(vcpu, now) | ReviewSharing();
        }

        bool added = vcpu.Entity!.State != SchedulingState.Absent;
        Unlock();
        MakeLook(kicks);
        return added;
    }

    /// <summary>
    /// VCpus of one VM, each that has its bit in <paramref name="which"/>, may run from now on, all of them or, where a
    /// reservation finds no room, none.
    /// </summary>
    internal static bool TryAdd(VCpu[] vcpus, uint which)
    {
        ulong now = SystemRegisters.ReadCntpctEl0();
        ulong kicks = 0;
        bool added = true;
        Lock();
        for (int i = 0; i < vcpus.Length && added; i++)
        {
            added = (which >> i & 1) == 0 || s_scheduler!.TryAdd(vcpus[i].Entity!, now);
            which &= added ? which : (1u << i) - 1;
        }

        for (int i = 0; i < vcpus.Length; i++)
        {
            if ((which >> i & 1) == 0)
            {
                continue;
            }

            if (added)
            {
                s_added++;
                s_heldToShare += vcpus[i].IsHeldToShare ? 1 : 0;
                kicks |= WakeLocked(vcpus[i], now);
            }
            else
            {
                s_scheduler!.Remove(vcpus[i].Entity!, now);
            }
        }

        kicks |= s_scheduler!.TakeKicks() | ReviewSharing();
        Unlock();
        MakeLook(kicks);
        return added;
    }

    /// <summary>A VCpu runs no more, unless added again. If it is resident, its CPU is told to leave it.</summary>
    internal static void Remove(VCpu vcpu)
    {
        ulong now = SystemRegisters.ReadCntpctEl0();
        Lock();
        if (vcpu.Entity!.State != SchedulingState.Absent)
        {
            s_scheduler!.Remove(vcpu.Entity, now);
            s_added--;
            s_heldToShare -= vcpu.IsHeldToShare ? 1 : 0;
        }

        vcpu.SleepsIn?.Remove(vcpu);
        ulong kicks = s_scheduler!.TakeKicks() | ReviewSharing();
        Unlock();
        MakeLook(kicks);
        PhysicalCpu? cpu = vcpu.ResidentOn;
        if (cpu != null)
        {
            cpu.MustPick = true;
            cpu.Kick();
        }
    }

    /// <summary>There is something for a VCpu: if it sleeps, it must not any longer.</summary>
    internal static void Wake(VCpu vcpu)
    {
        PhysicalCpu self = VCpu.Current.Cpu;
        if (self.LooksAnyway && self.ToWake == null && vcpu.Entity!.State == SchedulingState.Blocked)
        {
            self.ToWake = vcpu; // with the pick that follows
            self.MustPick = true;
        }
        else
        {
            WakeAtOnce(vcpu);
        }
    }

    private static void WakeAtOnce(VCpu vcpu)
    {
        ulong kicks = 0;
        Lock();
        if (vcpu.Entity!.State == SchedulingState.Blocked)
        {
            vcpu.SleepsIn?.Remove(vcpu);
            kicks = WakeLocked(vcpu, SystemRegisters.ReadCntpctEl0());
        }

        Unlock();
        MakeLook(kicks);
    }

    /// <summary>Brings a VCpu's times up to now.</summary>
    internal static void Account(VCpu vcpu)
    {
        Lock();
        s_scheduler!.Account(vcpu.Entity!, SystemRegisters.ReadCntpctEl0());
        Unlock();
    }

    /// <summary>VCpus that wait for their turn on a CPU.</summary>
    internal static int ReadyOn(PhysicalCpu cpu) => s_scheduler!.ReadyOn(cpu.SchedulerIndex);

    /// <summary>Wakes the sleepers of this CPU whose time has come.</summary>
    internal static void WakeDue(PhysicalCpu cpu, ulong now)
    {
        while (true)
        {
            Lock();
            bool more = cpu.Sleepers.TryTakeDue(now, out VCpu? vcpu);
            ulong kicks = more ? WakeLocked(vcpu!, now) : 0;
            Unlock();
            MakeLook(kicks);
            if (!more)
            {
                return;
            }
        }
    }

    /// <summary>
    /// What this CPU runs from now on, null for nothing; when it has to ask again is noted in its timer, which the caller
    /// programs.
    /// </summary>
    internal static VCpu? Pick(PhysicalCpu cpu)
    {
        cpu.MustPick = false;
        ulong now = SystemRegisters.ReadCntpctEl0();
        Lock();
        VCpu? toWake = cpu.ToWake;
        if (toWake == null)
        {
            return PickLocked(cpu, now, 0);
        }

        cpu.ToWake = null;
        toWake.SleepsIn?.Remove(toWake);
        SchedulingEntity? entity = s_scheduler!.PickAfterWake(cpu.SchedulerIndex, toWake.Entity!, now, out ulong next);
        return Finish(cpu, entity, next, 0);
    }

    // With the lock held, which it gives back.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static VCpu? PickLocked(PhysicalCpu cpu, ulong now, ulong kicks)
    {
        SchedulingEntity? entity = s_scheduler!.Pick(cpu.SchedulerIndex, now, out ulong next);
        return Finish(cpu, entity, next, kicks);
    }

    /// <summary>As <see cref="Pick"/>; what the CPU runs lets others go first.</summary>
    internal static VCpu? PickAfterYield(PhysicalCpu cpu)
    {
        cpu.MustPick = false;
        ulong now = SystemRegisters.ReadCntpctEl0();
        Lock();
        SchedulingEntity? entity = s_scheduler!.PickAfterYield(cpu.SchedulerIndex, now, out ulong next);
        return Finish(cpu, entity, next, 0);
    }

    /// <summary>As <see cref="Pick"/>; what the CPU runs goes to sleep, unless something is pending for it.</summary>
    internal static VCpu? PickAfterBlock(PhysicalCpu cpu, VCpu vcpu)
    {
        cpu.MustPick = false;
        ulong now = SystemRegisters.ReadCntpctEl0();
        Lock();
        s_scheduler!.Block(cpu.SchedulerIndex, now);

        // What came before it was asleep has told nobody. Its list registers have been looked at: nobody else puts anything there.
        ulong kicks = vcpu.Vm!.Gic.HasWaitingFor(vcpu.Index) ? WakeLocked(vcpu, now) : 0;
        return PickLocked(cpu, now, kicks);
    }

    /// <summary>
    /// Whether a CPU runs a VCpu or is about to load it: it does so even where it was removed meanwhile, and leaves it then.
    /// To be asked before <see cref="VCpu.ResidentOn"/>.
    /// </summary>
    internal static bool IsChosen(VCpu vcpu)
    {
        for (int i = 0; i < s_cpuCount; i++)
        {
            if (s_cpus![i]!.Chosen == vcpu)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>What this CPU runs goes to sleep; ask <see cref="Pick"/> next.</summary>
    internal static void Block(PhysicalCpu cpu)
    {
        Lock();
        s_scheduler!.Block(cpu.SchedulerIndex, SystemRegisters.ReadCntpctEl0());
        Unlock();
    }

    /// <summary>
    /// A VCpu was saved, and no other CPU can load it yet. If it sleeps, it sleeps until its timers are due; if something
    /// came for it before it was quite off its CPU, it is awake.
    /// </summary>
    internal static void Saved(PhysicalCpu cpu, VCpu vcpu)
    {
        if (vcpu.Entity!.State != SchedulingState.Blocked)
        {
            return;
        }

        // A timer whose interrupt the guest has not enabled does not end a WFI.
        VirtualGic gic = vcpu.Vm!.Gic;
        ulong due = gic.IsEnabled(vcpu.Index, InterruptNumbers.VirtualTimer) ? vcpu.System!.TimerDue : HypervisorTimer.Never;
        ulong physical = gic.IsEnabled(vcpu.Index, InterruptNumbers.PhysicalTimer) ? vcpu.PhysicalTimer!.Due : HypervisorTimer.Never;
        due = due < physical ? due : physical;
        if (vcpu.RetryAt != 0)
        {
            due = due < vcpu.RetryAt ? due : vcpu.RetryAt;
            vcpu.RetryAt = 0;
        }

        ulong kicks = 0;
        Lock();
        if (vcpu.Entity.State == SchedulingState.Blocked)
        {
            ulong now = SystemRegisters.ReadCntpctEl0();
            if (due <= now || gic.HasWaitingFor(vcpu.Index))
            {
                kicks = WakeLocked(vcpu, now);
            }
            else if (due != HypervisorTimer.Never && vcpu.SleepsIn == null)
            {
                cpu.Sleepers.Add(vcpu, due);
                cpu.Timer.NoteSchedulerNoLaterThan(due);
            }
        }

        Unlock();
        MakeLook(kicks);
    }

    /// <summary>Takes the policy's choice with the lock held, and gives the lock back.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static VCpu? Finish(PhysicalCpu cpu, SchedulingEntity? entity, ulong next, ulong kicks)
    {
        ulong due = cpu.Sleepers.NextDue;
        kicks = (kicks | s_scheduler!.TakeKicks()) & ~(1ul << cpu.SchedulerIndex);
        VCpu? chosen = entity == null ? null : Unsafe.As<VCpuEntity>(entity).VCpu;
        cpu.Chosen = chosen;
        Unlock();
        cpu.Timer.NoteScheduler(next < due ? next : due);
        if (kicks != 0)
        {
            MakeLook(kicks);
        }

        return chosen;
    }

    /// <summary>Wakes a VCpu, if it is blocked, with the lock held. The CPUs that have to look, one bit each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong WakeLocked(VCpu vcpu, ulong now)
    {
        int look = s_scheduler!.Wake(vcpu.Entity!, now);
        ulong kicks = s_scheduler.TakeKicks();
        return look < 0 ? kicks : kicks | (1ul << look);
    }

    /// <summary>Whether VCpus share CPUs may have changed; with the lock held. The CPUs that have to look: all of them, if so.</summary>
    private static ulong ReviewSharing()
    {
        bool isShared = s_added > s_cpuCount || s_heldToShare != 0;
        if (isShared == s_isShared)
        {
            return 0;
        }

        Volatile.Write(ref s_isShared, isShared);
        return ulong.MaxValue >> (Scheduler.MaximumCpus - s_cpuCount);
    }

    // Not through SpinLock's own Enter and Exit, which track the lock so that it can be taken from who is given up.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Lock()
    {
        int ticket = s_lock.TakeTicket();
        while (!s_lock.IsServed(ticket))
        {
        }

        s_holder = SystemRegisters.ReadTpidrEl2();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Unlock()
    {
        s_holder = 0;
        s_lock.Release();
    }

    private static ulong FromMicroseconds(ulong time) => SystemRegisters.ReadCntfrqEl0() * time / 1_000_000;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MakeLook(ulong cpus)
    {
        if (cpus != 0)
        {
            MakeThemLook(cpus);
        }
    }

    private static void MakeThemLook(ulong cpus)
    {
        PhysicalCpu self = VCpu.Current.Cpu;
        ulong own = 1ul << self.SchedulerIndex;
        if ((cpus & own) != 0 && self.LooksAnyway)
        {
            self.MustPick = true;
            cpus &= ~own;
        }

        for (; cpus != 0; cpus &= cpus - 1)
        {
            PhysicalCpu cpu = s_cpus![BitOperations.TrailingZeroCount(cpus)]!;
            cpu.MustPick = true;
            cpu.Kick();
        }
    }
}

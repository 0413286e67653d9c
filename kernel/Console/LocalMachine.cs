using System;
using SharpVisor.Arch;
using SharpVisor.Cpu;
using SharpVisor.Debug;
using SharpVisor.Debug.Gdb;
using SharpVisor.Devices.Virtio;
using SharpVisor.Drivers;
using SharpVisor.Machine;
using SharpVisor.Machine.Life;
using SharpVisor.Scheduling;

namespace SharpVisor.Console;

/// <summary>The machine that this is.</summary>
internal sealed class LocalMachine : MachineControl
{
    private const ulong NanosecondsPerSecond = 1_000_000_000;
    private const uint CapUnitsInPercent = 10;

    /// <summary>Nanoseconds between questions about a guest's memory: each wakes it.</summary>
    private const ulong StatisticsPeriod = 2 * NanosecondsPerSecond;

    private readonly LocalUploads _uploads = new();
    private readonly ulong _counterAtStart = SystemRegisters.ReadCntpctEl0();
    private readonly LogHistory _log;
    private bool _traceEvents;
    private uint _traceSamples;

    /// <summary>Makes the one.</summary>
    /// <param name="log">What the hypervisor has said.</param>
    internal LocalMachine(LogHistory log) => _log = log;

    /// <inheritdoc/>
    internal override ulong Now
    {
        get
        {
            return Nanoseconds(SystemRegisters.ReadCntpctEl0() - _counterAtStart);
        }
    }

    /// <inheritdoc/>
    internal override int VmCount => VmTable.Count;

    /// <inheritdoc/>
    internal override int CpuCount => Hypervisor.CpuCount;

    /// <inheritdoc/>
    internal override bool TryGetVm(int place, out VmStatus status)
    {
        status = default;
        if ((uint)place >= (uint)VmTable.Count || VmTable.At(place).IsLeavingForGood)
        {
            return false;
        }

        VmEntry entry = VmTable.At(place);
        VmDefinition definition = entry.Definition;
        Vm? vm = entry.Vm;
        ulong now = SystemRegisters.ReadCntpctEl0();
        status.Id = entry.Id;
        status.Name = VmName.From(definition.Name);
        status.State = StateOf(entry);
        status.VCpus = (int)definition.VCpus;
        status.MemoryMaximum = definition.Memory;
        status.MemoryGuarantee = definition.MemoryGuarantee;
        status.Weight = (int)definition.Weight;
        status.Cap = (int)((definition.Cap + CapUnitsInPercent - 1) / CapUnitsInPercent);
        status.GicVersion = definition.GicVersion == 0 ? Hypervisor.Interrupts.Version : (int)definition.GicVersion;
        if (vm != null)
        {
            status.Memory = vm.Memory.Present;
            status.MemoryShared = vm.Memory.Shared;
            status.MemoryOverhead = vm.Overhead;
            status.Restarts = vm.Restarts;
            DescribeBalloon(vm, now, ref status);
        }

        if (entry.State is LifeState.Running or LifeState.Paused)
        {
            status.UpTime = Nanoseconds(now - entry.StartedAt);
        }
        else if (entry.RestartAt != VmLife.Never)
        {
            status.RestartIn = Nanoseconds(entry.RestartAt > now ? entry.RestartAt - now : 1);
        }

        return true;
    }

    /// <inheritdoc/>
    internal override bool TryGetVCpu(int vm, int index, out VCpuStatus status)
    {
        status = default;
        VmEntry? entry = VmTable.Find(vm);
        Vm? found = entry?.Vm;
        if (found == null || (uint)index >= (uint)found.VCpus.Length)
        {
            return false;
        }

        VCpu vcpu = found.VCpus[index];
        status.State = vcpu.Entity!.State switch
        {
            SchedulingState.Running => VCpuState.Running,
            SchedulingState.Waiting or SchedulingState.Throttled => VCpuState.Ready,
            SchedulingState.Blocked => VCpuState.Waiting,
            _ => entry!.State == LifeState.Paused && found.IsOn(index) ? VCpuState.Paused : VCpuState.Off,
        };
        status.Cpu = vcpu.Cpu.Index;
        Dispatcher.Account(vcpu);
        status.RunTime = Nanoseconds(vcpu.Entity.RunTime - found.RunTimeAtStart[index]);
        status.StolenTime = Nanoseconds(vcpu.Entity.StealTime - found.StealTimeAtStart[index]);
        ExitCounts exits = default;
        exits[ExitReason.Hypercall] = vcpu.HypercallExits;
        exits[ExitReason.Device] = vcpu.DeviceExits;
        exits[ExitReason.Register] = vcpu.RegisterExits;
        exits[ExitReason.Interrupt] = vcpu.InterruptExits;
        exits[ExitReason.Wait] = vcpu.WaitExits;
        exits[ExitReason.Memory] = vcpu.MemoryExits;
        exits[ExitReason.Other] = vcpu.OtherExits;
        status.Exits = exits;
        return true;
    }

    /// <inheritdoc/>
    internal override bool TryGetMark(int vm, uint age, out MarkStatus mark)
    {
        mark = default;
        Vm? found = VmTable.Find(vm)?.Vm;
        if (found == null || age >= MarkRing.Capacity || !found.Marks.TryGet(found.Marks.End - 1 - age, out Mark kept))
        {
            return false;
        }

        mark.Time = Nanoseconds(kept.Time - _counterAtStart);
        mark.VCpu = kept.VCpu;
        mark.Number = kept.Number;
        mark.Value = kept.Value;
        return true;
    }

    /// <inheritdoc/>
    internal override bool TryGetDisk(int vm, int index, out VmDiskStatus disk)
    {
        disk = default;
        Vm? found = VmTable.Find(vm)?.Vm;
        if (found == null || (uint)index >= (uint)found.Disks.Length)
        {
            return false;
        }

        VmDisk source = found.Disks[index];
        BlockDevice device = source.Device;
        disk.Slot = VmFactory.FirstDiskSlot + index;
        ReadOnlySpan<byte> serial = source.Device.Serial;
        int length = serial.IndexOf((byte)0);
        disk.Serial = VmName.From(length < 0 ? serial : serial.Slice(0, length));
        disk.IsReadOnly = source.Device.IsReadOnly;
        disk.Size = source.Size;
        disk.OverlayUsed = source.OverlayUsed;
        disk.OverlaySize = source.OverlaySize;
        disk.Reads = device.GetStatistic(BlockStatistic.Reads);
        disk.Writes = device.GetStatistic(BlockStatistic.Writes);
        disk.Flushes = device.GetStatistic(BlockStatistic.Flushes);
        disk.Erases = device.GetStatistic(BlockStatistic.Erases);
        disk.Errors = device.GetStatistic(BlockStatistic.Errors);
        disk.ReadBytes = device.GetStatistic(BlockStatistic.ReadSectors) * VmDisk.SectorSize;
        disk.WrittenBytes = device.GetStatistic(BlockStatistic.WrittenSectors) * VmDisk.SectorSize;
        return true;
    }

    /// <inheritdoc/>
    internal override bool TryGetCpu(int index, out CpuStatus status)
    {
        status = default;
        if ((uint)index >= (uint)Hypervisor.CpuCount)
        {
            return false;
        }

        PhysicalCpu cpu = Hypervisor.Cpu(index);
        status.Affinity = cpu.Affinity;
        status.IsOnline = cpu.IsOnline;
        if (cpu.IsOnline)
        {
            status.UpTime = Nanoseconds(SystemRegisters.ReadCntpctEl0() - cpu.OnlineSince);
            status.IdleTime = Nanoseconds(cpu.IdleTime);
            status.IsIdleSeen = Dispatcher.IsShared;
            status.Ready = Dispatcher.ReadyOn(cpu);
        }

        VCpu? resident = cpu.Resident;
        if (resident != null && resident.Entity!.State == SchedulingState.Running)
        {
            status.Vm = resident.Vm!.Id;
            status.VCpu = resident.Index;
        }

        return true;
    }

    /// <inheritdoc/>
    internal override void GetMemory(out MemoryStatus status)
    {
        status = default;
        status.Free = Hypervisor.Pages.FreeBytes;
        status.Total = Hypervisor.TotalMemory;
        ulong vms = 0;
        for (int i = 0; i < VmTable.Count; i++)
        {
            Vm? vm = VmTable.At(i).Vm;
            vms += vm == null ? 0 : vm.Memory.Present - vm.Memory.Shared + vm.Overhead;
        }

        status.Shared = PageScan.Sharing.SharedBytes;
        status.Hypervisor = status.Total - status.Free - vms - status.Shared;
        status.Kept = Hypervisor.Pages.PromisedBytes;
        status.LargestFree = Hypervisor.Pages.GetLargestRun();
    }

    /// <inheritdoc/>
    internal override bool TryGetInterrupt(int place, out InterruptStatus status)
    {
        status = default;
        for (uint i = 0; i < InterruptController.FirstSpecial; i++)
        {
            ulong count = 0;
            for (int cpu = 0; cpu < Hypervisor.CpuCount; cpu++)
            {
                count += Hypervisor.Cpu(cpu).CountOf(i);
            }

            if (count != 0 && place-- == 0)
            {
                status.Number = i;
                status.Count = count;
                status.User = i switch
                {
                    PhysicalCpu.KickSgi or PhysicalCpu.ReviewSgi => InterruptUser.Kick,
                    InterruptNumbers.Maintenance => InterruptUser.Maintenance,
                    InterruptNumbers.HypervisorTimer => InterruptUser.HypervisorTimer,
                    InterruptNumbers.VirtualTimer => InterruptUser.VirtualTimer,
                    _ => Hypervisor.IsSerialLine(i) ? InterruptUser.SerialLine : InterruptUser.Device,
                };
                return true;
            }
        }

        return false;
    }

    /// <inheritdoc/>
    internal override ControlResult TryReadRegisters(int vm, int index, out VCpuRegisters registers)
    {
        registers = default;
        VmEntry? entry = VmTable.Find(vm);
        if (entry == null)
        {
            return ControlResult.Failed(ControlOutcome.NoSuchVm);
        }

        Vm? found = entry.Vm;
        if (found == null)
        {
            return ControlResult.WrongState(StateOf(entry));
        }

        if ((uint)index >= (uint)found.VCpus.Length)
        {
            return ControlResult.Failed(ControlOutcome.NoSuchVCpu);
        }

        VCpu vcpu = found.VCpus[index];
        if (vcpu.ResidentOn != null || vcpu.Entity!.State != SchedulingState.Absent)
        {
            return entry.IsSettled ? ControlResult.WrongState(StateOf(entry)) : ControlResult.Failed(ControlOutcome.Busy);
        }

        for (int i = 0; i < VCpuRegisters.GeneralCount; i++)
        {
            registers[i] = vcpu.ReadRegister((uint)i);
        }

        SystemContext system = vcpu.System!;
        registers.Pc = vcpu.Pc;
        registers.Pstate = vcpu.Pstate;
        registers.SpEl0 = system.Read(SystemContext.SpEl0);
        registers.SpEl1 = system.Read(SystemContext.SpEl1);
        registers.ElrEl1 = system.Read(SystemContext.Elr);
        registers.SpsrEl1 = system.Read(SystemContext.Spsr);
        registers.EsrEl1 = system.Read(SystemContext.Esr);
        registers.FarEl1 = system.Read(SystemContext.Far);
        registers.SctlrEl1 = system.Read(SystemContext.Sctlr);
        registers.TcrEl1 = system.Read(SystemContext.Tcr);
        registers.Ttbr0El1 = system.Read(SystemContext.Ttbr0);
        registers.Ttbr1El1 = system.Read(SystemContext.Ttbr1);
        registers.VbarEl1 = system.Read(SystemContext.Vbar);
        return ControlResult.Ok;
    }

    /// <inheritdoc/>
    internal override VmConsole? ConsoleOf(int vm) => (VmConsole?)VmTable.Find(vm)?.Vm?.Console;

    /// <inheritdoc/>
    internal override ControlResult TryCreate(int vm) => Request(vm, LifeRequest.Create);

    /// <inheritdoc/>
    internal override ControlResult TryStart(int vm) => Request(vm, LifeRequest.Start);

    /// <inheritdoc/>
    internal override ControlResult TryPause(int vm) => Request(vm, LifeRequest.Pause);

    /// <inheritdoc/>
    internal override ControlResult TryResume(int vm) => VmTable.Find(vm)?.Vm is { Debugger.IsHolding: true }
        ? ControlResult.Failed(ControlOutcome.Debugged)
        : Request(vm, LifeRequest.Resume);

    /// <inheritdoc/>
    internal override ControlResult TryReset(int vm) => Request(vm, LifeRequest.Reset);

    /// <inheritdoc/>
    internal override ControlResult TryShutdown(int vm)
    {
        VmEntry? entry = VmTable.Find(vm);
        if (entry == null)
        {
            return ControlResult.Failed(ControlOutcome.NoSuchVm);
        }

        if (entry.State != LifeState.Running)
        {
            return ControlResult.WrongState(StateOf(entry));
        }

        if (!entry.IsSettled || entry.Vm == null)
        {
            return ControlResult.Failed(ControlOutcome.Busy);
        }

        if (!entry.Vm.TryPressKey())
        {
            return Note(VmName.From(entry.Definition.Name), "shutdown"u8, ControlResult.Failed(ControlOutcome.GuestCannot));
        }

        entry.NoteAskedToEnd();
        Hypervisor.AskForReview(); // which sets the time of the key's release
        return Note(VmName.From(entry.Definition.Name), "shutdown"u8, ControlResult.Ok);
    }

    /// <inheritdoc/>
    internal override ControlResult TryStop(int vm) => Request(vm, LifeRequest.Stop);

    /// <inheritdoc/>
    internal override ControlResult TryDestroy(int vm) => Request(vm, LifeRequest.Destroy);

    /// <inheritdoc/>
    internal override ControlResult TrySetMemory(int vm, ulong bytes)
    {
        VmEntry? entry = VmTable.Find(vm);
        if (entry == null)
        {
            return ControlResult.Failed(ControlOutcome.NoSuchVm);
        }

        if (entry.Vm == null)
        {
            return ControlResult.WrongState(StateOf(entry));
        }

        ulong most = entry.Definition.Memory;
        if (bytes == 0 || bytes > most)
        {
            return ControlResult.Failed(ControlOutcome.BadRequest);
        }

        BalloonDevice balloon = entry.Vm.Balloon;
        ControlResult result = balloon.IsDriven ? ControlResult.Ok : ControlResult.Failed(ControlOutcome.GuestCannot);
        if (result.IsOk)
        {
            balloon.SetTarget((uint)((most - bytes) / BalloonDevice.PageSize), -1);
        }

        return Note(VmName.From(entry.Definition.Name), "memory"u8, result);
    }

    /// <inheritdoc/>
    internal override ControlResult TryAttachDebugger(int vm)
    {
        VmEntry? entry = VmTable.Find(vm);
        if (entry == null)
        {
            return ControlResult.Failed(ControlOutcome.NoSuchVm);
        }

        if (!entry.IsSettled)
        {
            return ControlResult.Failed(ControlOutcome.Busy);
        }

        if (entry.State == LifeState.Defined)
        {
            ControlResult result = Request(vm, LifeRequest.Create);
            if (!result.IsOk)
            {
                return result;
            }
        }

        if (entry.Vm == null)
        {
            return ControlResult.WrongState(StateOf(entry));
        }

        if (entry.Vm.Debugger.IsAttached)
        {
            return ControlResult.Failed(ControlOutcome.Debugged);
        }

        LifeOutcome outcome = entry.Vm.Debugger.Attach(entry);
        Hypervisor.AskForReview();
        return Result(outcome, StateOf(entry));
    }

    /// <inheritdoc/>
    internal override ControlResult TryTalkToDebugger(
        int vm, ulong output, ref ulong input, ReadOnlySpan<byte> bytes, Span<byte> answer, out int count, out bool isDone)
    {
        count = 0;
        isDone = false;
        VmEntry? entry = VmTable.Find(vm);
        if (entry == null || entry.Vm == null)
        {
            return ControlResult.Failed(ControlOutcome.NoSuchVm);
        }

        VmDebugger debugger = entry.Vm.Debugger;
        GdbServer server = debugger.Server;
        server.Output.Release(output);
        debugger.Take(entry, input, bytes);
        input = debugger.InputTaken;
        count = server.Output.Read(output, answer);
        isDone = server.IsDone;
        return ControlResult.Ok;
    }

    /// <inheritdoc/>
    internal override void LoseDebugger(int vm)
    {
        VmEntry? entry = VmTable.Find(vm);
        if (entry != null && entry.Vm != null)
        {
            entry.Vm.Debugger.Lose(entry);
        }
    }

    /// <inheritdoc/>
    internal override ControlResult TryBeginUpload(ulong length, out int upload) => ControlResult.From(_uploads.Begin(length, out upload));

    /// <inheritdoc/>
    internal override ControlResult TryWriteUpload(int upload, ulong offset, ReadOnlySpan<byte> data) =>
        ControlResult.From(_uploads.Write(upload, offset, data));

    /// <inheritdoc/>
    internal override ControlResult TryFinishUpload(int upload, ReadOnlySpan<byte> sha256, out UploadVerdict verdict) =>
        ControlResult.From(_uploads.Finish(upload, sha256, out verdict));

    /// <inheritdoc/>
    internal override ControlResult AbortUpload(int upload) => ControlResult.From(_uploads.Abort(upload));

    /// <inheritdoc/>
    internal override ControlResult TryGetLogLevel(out LogLevel level)
    {
        level = (LogLevel)Log.Threshold;
        return ControlResult.Ok;
    }

    /// <inheritdoc/>
    internal override ControlResult TrySetLogLevel(LogLevel level)
    {
        Log.Threshold = (Severity)level;
        return ControlResult.Ok;
    }

    /// <inheritdoc/>
    internal override int ReadLog(ref ulong position, Span<byte> buffer, out ulong start, out ulong end) =>
        _log.Read(ref position, buffer, out start, out end);

    /// <inheritdoc/>
    internal override ulong CounterFrequency => SystemRegisters.ReadCntfrqEl0();

    /// <inheritdoc/>
    internal override ulong CounterAtStart => _counterAtStart;

    /// <inheritdoc/>
    internal override ControlResult TrySetTrace(bool events, uint samples)
    {
        _traceEvents = events;
        _traceSamples = samples;
        return EventTrace.TrySet(events || IsTracedLocally, samples == 0 ? 0 : CounterFrequency / samples)
            ? ControlResult.Ok
            : ControlResult.Failed(ControlOutcome.NoMemory);
    }

    /// <inheritdoc/>
    internal override ControlResult TrySetTraceLocally(bool isOn)
    {
        IsTracedLocally = isOn;
        ControlResult result = TrySetTrace(_traceEvents, _traceSamples);
        IsTracedLocally &= result.IsOk;
        return result;
    }

    /// <inheritdoc/>
    internal override unsafe int ReadTrace(int cpu, ref ulong position, Span<byte> buffer, out ulong end)
    {
        TraceRing ring = Hypervisor.Cpu(cpu).Trace;
        end = ring.End;
        fixed (byte* bytes = buffer)
        {
            return ring.Read(ref position, bytes, buffer.Length / TraceRing.RecordSize);
        }
    }

    /// <inheritdoc/>
    internal override ControlResult TryRunBench(ConsoleWriter output)
    {
        MachineBench.Run(output);
        return ControlResult.Ok;
    }

    /// <inheritdoc/>
    internal override ControlResult TryPowerOff()
    {
        Hypervisor.StopAll();
        return ControlResult.Ok;
    }

    /// <summary>What a guest gives and tells of its memory. Asks it to tell it anew, for the next time.</summary>
    private static void DescribeBalloon(Vm vm, ulong now, ref VmStatus status)
    {
        BalloonDevice balloon = vm.Balloon;
        status.HasBalloonDriver = balloon.IsDriven;
        status.Balloon = (ulong)balloon.Actual * BalloonDevice.PageSize;
        status.BalloonTarget = (ulong)balloon.Target * BalloonDevice.PageSize;
        status.GuestMemory = Told(balloon, BalloonStatistic.Total);
        status.GuestAvailable = Told(balloon, BalloonStatistic.Available);
        status.GuestFree = Told(balloon, BalloonStatistic.Free);
        status.GuestCaches = Told(balloon, BalloonStatistic.DiskCaches);
        status.GuestSwappedOut = Told(balloon, BalloonStatistic.SwapOut);
        status.GuestMajorFaults = Told(balloon, BalloonStatistic.MajorFaults);

        if (balloon.IsDriven && Nanoseconds(now - vm.StatisticsAskedAt) > StatisticsPeriod)
        {
            vm.StatisticsAskedAt = now;
            balloon.AskForStatistics(-1);
        }
    }

    private static ulong Told(BalloonDevice balloon, BalloonStatistic which) => balloon.Statistics.TryGet(which, out ulong value) ? value : 0;

    private static ulong Nanoseconds(ulong ticks)
    {
        ulong frequency = SystemRegisters.ReadCntfrqEl0();
        return frequency == 0 ? 0 : (ticks / frequency * NanosecondsPerSecond) + (ticks % frequency * NanosecondsPerSecond / frequency);
    }

    private static VmState StateOf(VmEntry entry) => entry.State switch
    {
        LifeState.Defined => VmState.Defined,
        LifeState.Created => VmState.Created,
        LifeState.Running => VmState.Running,
        LifeState.Paused => VmState.Paused,
        LifeState.Stopped => VmState.Stopped,
        _ => VmState.Crashed,
    };

    private static ControlResult NotSupported(int vm) =>
        ControlResult.Failed(VmTable.Find(vm) == null ? ControlOutcome.NoSuchVm : ControlOutcome.NotSupported);

    private static ControlResult Request(int vm, LifeRequest request)
    {
        VmEntry? entry = VmTable.Find(vm);
        if (entry == null)
        {
            return ControlResult.Failed(ControlOutcome.NoSuchVm);
        }

        VmState found = StateOf(entry);
        VmName name = VmName.From(entry.Definition.Name);
        ControlResult result = Result(entry.Request(request), found); // the entry may be gone now
        Hypervisor.AskForReview();
        return Note(name, request switch
        {
            LifeRequest.Create => "create"u8,
            LifeRequest.Start => "start"u8,
            LifeRequest.Pause => "pause"u8,
            LifeRequest.Resume => "resume"u8,
            LifeRequest.Reset => "reset"u8,
            LifeRequest.Stop => "stop"u8,
            _ => "destroy"u8,
        }, result);
    }

    /// <summary>A line for who looks for a fault: what was asked of a VM, and what came of it.</summary>
    private static ControlResult Note(in VmName name, ReadOnlySpan<byte> request, ControlResult result)
    {
        if (Log.Threshold >= Severity.Detail)
        {
            Span<byte> text = stackalloc byte[VmName.Capacity];
            Log.Detail().Text(text.Slice(0, name.CopyTo(text))).Text(": "u8).Text(request).Text(": "u8)
                .Text(result.Outcome == ControlOutcome.WrongState ? "refused, as it is "u8 : default)
                .Text(result.Outcome == ControlOutcome.WrongState ? ControlText.Describe(result.State) : ControlText.Describe(result.Outcome)).End();
        }

        return result;
    }

    private static ControlResult Result(LifeOutcome outcome, VmState found) => outcome switch
    {
        LifeOutcome.Done => ControlResult.Ok,
        LifeOutcome.WrongState => ControlResult.WrongState(found),
        LifeOutcome.NoMemory => ControlResult.Failed(ControlOutcome.NoMemory),
        LifeOutcome.NoCpu => ControlResult.Failed(ControlOutcome.NoCpu),
        LifeOutcome.NoRoom => ControlResult.Failed(ControlOutcome.NoRoom),
        LifeOutcome.BadImage => ControlResult.Failed(ControlOutcome.BadImage),
        _ => ControlResult.Failed(ControlOutcome.NotSupported),
    };
}

using System;
using SharpVisor.Arch;
using SharpVisor.Cpu;
using SharpVisor.Machine;
using SharpVisor.Scheduling;

namespace SharpVisor.Console;

/// <summary>The machine that this is.</summary>
internal sealed class LocalMachine : MachineControl
{
    private const ulong NanosecondsPerSecond = 1_000_000_000;
    private const uint CapUnitsInPercent = 10;

    private readonly ulong _counterAtStart = SystemRegisters.ReadCntpctEl0();

    /// <inheritdoc/>
    internal override ulong Now
    {
        get
        {
            return Nanoseconds(SystemRegisters.ReadCntpctEl0() - _counterAtStart);
        }
    }

    /// <inheritdoc/>
    internal override int VmCount => Hypervisor.VmCount;

    /// <inheritdoc/>
    internal override int CpuCount => Hypervisor.CpuCount;

    /// <inheritdoc/>
    internal override bool TryGetVm(int place, out VmStatus status)
    {
        status = default;
        if ((uint)place >= (uint)Hypervisor.VmCount)
        {
            return false;
        }

        Vm vm = Hypervisor.GetVm(place);
        status.Id = place + 1;
        status.Name = VmName.From(vm.Name);
        status.State = StateOf(vm);
        status.VCpus = vm.VCpus.Length;
        status.Memory = vm.Memory.Length;
        status.MemoryMaximum = vm.Memory.Length;
        status.MemoryGuarantee = vm.Memory.Length;
        status.UpTime = vm.IsAlive ? Nanoseconds(SystemRegisters.ReadCntpctEl0() - vm.StartedAt) : 0;
        status.Restarts = vm.Restarts;
        status.Weight = (int)vm.Definition.Weight;
        status.Cap = (int)((vm.Definition.Cap + CapUnitsInPercent - 1) / CapUnitsInPercent);
        status.GicVersion = vm.Gic.Version;
        return true;
    }

    /// <inheritdoc/>
    internal override bool TryGetVCpu(int vm, int index, out VCpuStatus status)
    {
        status = default;
        Vm? found = Find(vm);
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
            _ => found.IsPaused && found.IsOn(index) ? VCpuState.Paused : VCpuState.Off,
        };
        status.Cpu = vcpu.Cpu.Index;
        Dispatcher.Account(vcpu);
        status.RunTime = Nanoseconds(vcpu.Entity.RunTime - found.RunTimeAtStart[index]);
        status.StolenTime = Nanoseconds(vcpu.Entity.StealTime - found.StealTimeAtStart[index]);
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
        VCpu? resident = cpu.Resident;
        if (resident != null && resident.Entity!.State == SchedulingState.Running)
        {
            status.Vm = NumberOf(resident.Vm!);
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
        for (int i = 0; i < Hypervisor.VmCount; i++)
        {
            vms += Hypervisor.GetVm(i).Memory.Length;
        }

        status.Hypervisor = status.Total - status.Free - vms;
        status.LargestFree = Hypervisor.Pages.GetLargestRun();
    }

    /// <inheritdoc/>
    internal override bool TryGetInterrupt(int place, out InterruptStatus status)
    {
        status = default;
        return false;
    }

    /// <inheritdoc/>
    internal override ControlResult TryReadRegisters(int vm, int index, out VCpuRegisters registers)
    {
        registers = default;
        Vm? found = Find(vm);
        if (found == null)
        {
            return ControlResult.Failed(ControlOutcome.NoSuchVm);
        }

        if ((uint)index >= (uint)found.VCpus.Length)
        {
            return ControlResult.Failed(ControlOutcome.NoSuchVCpu);
        }

        VCpu vcpu = found.VCpus[index];
        if (vcpu.ResidentOn != null || vcpu.Entity!.State != SchedulingState.Absent)
        {
            return ControlResult.WrongState(StateOf(found));
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
    internal override VmConsole? ConsoleOf(int vm) => (VmConsole?)Find(vm)?.Console;

    /// <inheritdoc/>
    internal override ControlResult TryCreate(int vm) => NotSupported(vm);

    /// <inheritdoc/>
    internal override ControlResult TryStart(int vm)
    {
        Vm? found = Find(vm);
        if (found == null)
        {
            return ControlResult.Failed(ControlOutcome.NoSuchVm);
        }

        if (found.IsPaused || (found.HasStarted && !found.HasEnded))
        {
            return ControlResult.WrongState(StateOf(found));
        }

        return found.TryStart() ? ControlResult.Ok : ControlResult.Failed(ControlOutcome.BadImage);
    }

    /// <inheritdoc/>
    internal override ControlResult TryPause(int vm) => RequestStop(vm, VmStop.Pause);

    /// <inheritdoc/>
    internal override ControlResult TryResume(int vm)
    {
        Vm? found = Find(vm);
        if (found == null)
        {
            return ControlResult.Failed(ControlOutcome.NoSuchVm);
        }

        if (!found.IsPaused)
        {
            return ControlResult.WrongState(StateOf(found));
        }

        found.Resume();
        return ControlResult.Ok;
    }

    /// <inheritdoc/>
    internal override ControlResult TryReset(int vm) => RequestStop(vm, VmStop.Reset);

    /// <inheritdoc/>
    internal override ControlResult TryShutdown(int vm) => NotSupported(vm);

    /// <inheritdoc/>
    internal override ControlResult TryStop(int vm) => RequestStop(vm, VmStop.Killed);

    /// <inheritdoc/>
    internal override ControlResult TryDestroy(int vm) => NotSupported(vm);

    /// <inheritdoc/>
    internal override ControlResult TrySetMemory(int vm, ulong bytes) => NotSupported(vm);

    /// <inheritdoc/>
    internal override ControlResult TryBeginUpload(ulong length, out int upload)
    {
        upload = 0;
        return ControlResult.Failed(ControlOutcome.NotSupported);
    }

    /// <inheritdoc/>
    internal override ControlResult TryWriteUpload(int upload, ulong offset, ReadOnlySpan<byte> data) =>
        ControlResult.Failed(ControlOutcome.NoSuchUpload);

    /// <inheritdoc/>
    internal override ControlResult TryFinishUpload(int upload, ReadOnlySpan<byte> sha256, out UploadVerdict verdict)
    {
        verdict = default;
        return ControlResult.Failed(ControlOutcome.NoSuchUpload);
    }

    /// <inheritdoc/>
    internal override ControlResult AbortUpload(int upload) => ControlResult.Failed(ControlOutcome.NoSuchUpload);

    /// <inheritdoc/>
    internal override ControlResult TryGetLogLevel(out LogLevel level)
    {
        level = LogLevel.Info;
        return ControlResult.Ok;
    }

    /// <inheritdoc/>
    internal override ControlResult TrySetLogLevel(LogLevel level) =>
        level == LogLevel.Info ? ControlResult.Ok : ControlResult.Failed(ControlOutcome.NotSupported);

    /// <inheritdoc/>
    internal override ControlResult TryRunBench(ConsoleWriter output) => ControlResult.Failed(ControlOutcome.NotSupported);

    /// <inheritdoc/>
    internal override ControlResult TryPowerOff()
    {
        Hypervisor.StopAll();
        return ControlResult.Ok;
    }

    private static ulong Nanoseconds(ulong ticks)
    {
        ulong frequency = SystemRegisters.ReadCntfrqEl0();
        return frequency == 0 ? 0 : (ticks / frequency * NanosecondsPerSecond) + (ticks % frequency * NanosecondsPerSecond / frequency);
    }

    private static VmState StateOf(Vm vm) => vm.IsPaused ? VmState.Paused : !vm.HasStarted ? VmState.Created : !vm.HasEnded ? VmState.Running : vm.HasCrashed ? VmState.Crashed : VmState.Stopped;

    private static Vm? Find(int number) => (uint)(number - 1) < (uint)Hypervisor.VmCount ? Hypervisor.GetVm(number - 1) : null;

    private static int NumberOf(Vm vm)
    {
        for (int i = 0; i < Hypervisor.VmCount; i++)
        {
            if (Hypervisor.GetVm(i) == vm)
            {
                return i + 1;
            }
        }

        return 0;
    }

    private static ControlResult NotSupported(int vm) =>
        ControlResult.Failed(Find(vm) == null ? ControlOutcome.NoSuchVm : ControlOutcome.NotSupported);

    private static ControlResult RequestStop(int number, VmStop reason)
    {
        Vm? vm = Find(number);
        if (vm == null)
        {
            return ControlResult.Failed(ControlOutcome.NoSuchVm);
        }

        if (vm.HasEnded || !vm.HasStarted || (vm.IsPaused && reason == VmStop.Pause))
        {
            return ControlResult.WrongState(StateOf(vm));
        }

        vm.RequestStop(reason);
        return ControlResult.Ok;
    }
}

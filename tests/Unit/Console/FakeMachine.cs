using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using SharpVisor.Console;
using SharpVisor.Formats;

namespace SharpVisor.Tests.Unit.Console;

/// <summary>A machine of VMs that only change their states.</summary>
internal sealed class FakeMachine : MachineControl
{
    private const ulong MostUploaded = 1 << 20;

    private int _uploadsBegun;

    public List<FakeVm> Vms { get; } = [];

    public List<InterruptStatus> InterruptList { get; } = [];

    public List<string> Requests { get; } = [];

    public Dictionary<int, byte[]> Uploads { get; } = [];

    /// <summary>How often a finished upload answers that it is still being checked.</summary>
    public int ChecksLeft { get; set; }

    public BundleError UploadError { get; set; }

    public LogHistory Log { get; } = new();

    public ControlOutcome Refusal { get; set; }

    public LogLevel Level { get; set; } = LogLevel.Info;

    public ulong Time { get; set; } = 3_600_000_000_000 + 61_000_000_000;

    public ulong Idle { get; set; }

    internal override ulong Now => Time;

    internal override int VmCount => Vms.Count;

    internal override int CpuCount => 2;

    public FakeVm Add(string name, VmState state, VmConsole? console = null)
    {
        FakeVm vm = new(Vms.Count + 1, name, console) { State = state };
        Vms.Add(vm);
        return vm;
    }

    internal override bool TryGetVm(int place, out VmStatus status)
    {
        status = default;
        if (place >= Vms.Count)
        {
            return false;
        }

        FakeVm vm = Vms[place];
        status.Id = vm.Id;
        status.Name = VmName.From(Encoding.ASCII.GetBytes(vm.Name));
        status.State = vm.State;
        status.VCpus = 2;
        status.Memory = vm.State == VmState.Defined ? 0 : 256ul << 20;
        status.MemoryMaximum = 512ul << 20;
        status.MemoryGuarantee = 128ul << 20;
        status.MemoryOverhead = 1_234_567;
        status.MemoryShared = 8192;
        status.HasBalloonDriver = vm.State == VmState.Running;
        status.BalloonTarget = 96ul << 20;
        status.Balloon = 64ul << 20;
        status.GuestMemory = 448ul << 20;
        status.GuestAvailable = 300ul << 20;
        status.GuestFree = 200ul << 20;
        status.GuestCaches = 100ul << 20;
        status.GuestMajorFaults = 9;
        status.UpTime = vm.State == VmState.Running ? 192_000_000_000ul : 0;
        status.RestartIn = vm.RestartIn;
        status.Restarts = vm.Id;
        status.Weight = 100;
        status.Cap = vm.Id == 2 ? 25 : 0;
        status.GicVersion = 3;
        return true;
    }

    internal override bool TryGetVCpu(int vm, int index, out VCpuStatus status)
    {
        status = default;
        FakeVm? found = Vms.FirstOrDefault(v => v.Id == vm);
        if (found is null || index > 1 || found.State == VmState.Defined)
        {
            return false;
        }

        status.State = index == 0 ? VCpuState.Running : VCpuState.Waiting;
        status.Cpu = index;
        status.RunTime = found.RunTime;
        status.Exits = found.Exits;
        return true;
    }

    internal override bool TryGetMark(int vm, uint age, out MarkStatus mark)
    {
        mark = default;
        mark.Time = 3_000_000_000 - (age * 1_500_000ul);
        mark.VCpu = (int)age;
        mark.Number = 40 + age;
        mark.Value = age == 0 ? 0xabcul : 0;
        return age < Vms.FirstOrDefault(v => v.Id == vm)?.Marks;
    }

    internal override bool TryGetDisk(int vm, int index, out VmDiskStatus disk)
    {
        disk = default;
        disk.Slot = index + 2;
        disk.Serial = VmName.From("root-1"u8);
        disk.IsReadOnly = index == 1;
        disk.Size = 1 << 24;
        disk.OverlayUsed = 4096;
        disk.OverlaySize = index == 0 ? 1ul << 20 : 0;
        disk.Reads = 7;
        disk.WrittenBytes = 512;
        return index < Vms.FirstOrDefault(v => v.Id == vm)?.Disks;
    }

    internal override bool TryGetCpu(int index, out CpuStatus status)
    {
        status = default;
        status.Affinity = (ulong)index << 8;
        status.IsOnline = index == 0;
        status.UpTime = Time;
        status.IsIdleSeen = true;
        status.IdleTime = Idle;
        status.Vm = Vms.Count == 0 ? 0 : 1;
        return index < 2;
    }

    internal override void GetMemory(out MemoryStatus status)
    {
        status = default;
        status.Total = 1ul << 30;
        status.Free = 300ul << 20;
        status.LargestFree = 200ul << 20;
        status.Hypervisor = 4ul << 20;
        status.Shared = 4096;
        status.Kept = 128ul << 20;
    }

    internal override bool TryGetInterrupt(int place, out InterruptStatus status)
    {
        status = place < InterruptList.Count ? InterruptList[place] : default;
        return place < InterruptList.Count;
    }

    internal override ControlResult TryReadRegisters(int vm, int index, out VCpuRegisters registers)
    {
        registers = default;
        FakeVm? found = Vms.FirstOrDefault(v => v.Id == vm);
        if (found is null || (uint)index > 1)
        {
            return ControlResult.Failed(found is null ? ControlOutcome.NoSuchVm : ControlOutcome.NoSuchVCpu);
        }

        if (found.State == VmState.Running)
        {
            return ControlResult.WrongState(found.State);
        }

        registers[5] = 0xfeed;
        registers.Pc = 0xffff_8000_1234_5678;
        return ControlResult.Ok;
    }

    internal override VmConsole? ConsoleOf(int vm) => Vms.FirstOrDefault(v => v.Id == vm)?.Console;

    internal override ControlResult TryCreate(int vm) => Request("create", vm, VmState.Created, VmState.Defined);

    internal override ControlResult TryStart(int vm) =>
        Request("start", vm, VmState.Running, VmState.Defined, VmState.Created, VmState.Stopped, VmState.Crashed);

    internal override ControlResult TryPause(int vm) => Request("pause", vm, VmState.Paused, VmState.Running);

    internal override ControlResult TryResume(int vm) => Request("resume", vm, VmState.Running, VmState.Paused);

    internal override ControlResult TryReset(int vm) => Request("reset", vm, VmState.Running, VmState.Running, VmState.Paused);

    internal override ControlResult TryShutdown(int vm) => Request("shutdown", vm, VmState.Stopped, VmState.Running);

    internal override ControlResult TryStop(int vm) => Request("stop", vm, VmState.Stopped, VmState.Running, VmState.Paused);

    internal override ControlResult TryDestroy(int vm) => Request("destroy", vm, VmState.Defined, Enum.GetValues<VmState>());

    internal override ControlResult TrySetMemory(int vm, ulong bytes) => Request($"memory {bytes}", vm, VmState.Running, VmState.Running);

    /// <summary>Number of the VM that is being debugged; 0 for none.</summary>
    public int DebuggedVm { get; private set; }

    /// <summary>What a debugger has sent; it gets it back.</summary>
    public List<byte> Debugged { get; } = [];

    internal override ControlResult TryAttachDebugger(int vm)
    {
        if (Vms.All(v => v.Id != vm))
        {
            return ControlResult.Failed(ControlOutcome.NoSuchVm);
        }

        DebuggedVm = vm;
        Debugged.Clear();
        return ControlResult.Ok;
    }

    internal override ControlResult TryTalkToDebugger(
        int vm, ulong output, ref ulong input, ReadOnlySpan<byte> bytes, Span<byte> answer, out int count, out bool isDone)
    {
        Debugged.AddRange(bytes[(int)((ulong)Debugged.Count - input)..]);
        input = (ulong)Debugged.Count;
        count = Math.Min(answer.Length, Debugged.Count - (int)output);
        Debugged.GetRange((int)output, count).ToArray().CopyTo(answer);
        isDone = Debugged.Contains((byte)'D');
        return ControlResult.Ok;
    }

    internal override void LoseDebugger(int vm)
    {
        Requests.Add($"lose debugger {vm}");
        DebuggedVm = 0;
    }

    internal override ControlResult TryBeginUpload(ulong length, out int upload)
    {
        upload = 0;
        if (length > MostUploaded)
        {
            return ControlResult.Failed(ControlOutcome.NoMemory);
        }

        upload = ++_uploadsBegun;
        Uploads.Add(upload, new byte[length]);
        return ControlResult.Ok;
    }

    internal override ControlResult TryWriteUpload(int upload, ulong offset, ReadOnlySpan<byte> data)
    {
        if (!Uploads.TryGetValue(upload, out byte[]? bundle))
        {
            return ControlResult.Failed(ControlOutcome.NoSuchUpload);
        }

        bool fits = offset <= (ulong)bundle.Length && (ulong)data.Length <= (ulong)bundle.Length - offset;
        if (fits)
        {
            data.CopyTo(bundle.AsSpan((int)offset));
        }

        return fits ? ControlResult.Ok : ControlResult.Failed(ControlOutcome.BadRequest);
    }

    internal override ControlResult TryFinishUpload(int upload, ReadOnlySpan<byte> sha256, out UploadVerdict verdict)
    {
        verdict = default;
        if (!Uploads.TryGetValue(upload, out byte[]? bundle))
        {
            return ControlResult.Failed(ControlOutcome.NoSuchUpload);
        }

        if (ChecksLeft != 0)
        {
            ChecksLeft--;
            return ControlResult.Failed(ControlOutcome.Busy);
        }

        Uploads.Remove(upload);
        bool isRight = SHA256.HashData(bundle).AsSpan().SequenceEqual(sha256);
        if (!isRight || UploadError != BundleError.None)
        {
            verdict.Error = UploadError;
            verdict.Culprit = VmName.From("left"u8);
            return ControlResult.Failed(ControlOutcome.BadBundle);
        }

        Add("uploaded", VmState.Defined);
        verdict.Vms = 1;
        return ControlResult.Ok;
    }

    internal override ControlResult AbortUpload(int upload) =>
        Uploads.Remove(upload) ? ControlResult.Ok : ControlResult.Failed(ControlOutcome.NoSuchUpload);

    internal override ControlResult TryGetLogLevel(out LogLevel level)
    {
        level = Level;
        return ControlResult.Ok;
    }

    internal override ControlResult TrySetLogLevel(LogLevel level)
    {
        Level = level;
        return ControlResult.Ok;
    }

    internal override int ReadLog(ref ulong position, Span<byte> buffer, out ulong start, out ulong end) =>
        Log.Read(ref position, buffer, out start, out end);

    internal override ulong CounterFrequency => 62_500_000;

    internal override ulong CounterAtStart => 1000;

    /// <summary>What is traced: whether events are, and samples in a second.</summary>
    internal (bool Events, uint Samples) Traced { get; private set; }

    /// <summary>The words of the trace of each CPU.</summary>
    internal List<ulong> TraceWords { get; } = [];

    internal override ControlResult TrySetTrace(bool events, uint samples)
    {
        Traced = (events, samples);
        return ControlResult.Ok;
    }

    internal override ControlResult TrySetTraceLocally(bool isOn)
    {
        IsTracedLocally = isOn;
        return ControlResult.Ok;
    }

    internal override int ReadTrace(int cpu, ref ulong position, Span<byte> buffer, out ulong end)
    {
        const int Words = TraceRecordSize / sizeof(ulong);
        end = (ulong)(TraceWords.Count / Words);
        position = Math.Min(position, end);
        int count = (int)Math.Min((ulong)(buffer.Length / TraceRecordSize), end - position);
        for (int i = 0; i < count * Words; i++)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(buffer[(i * sizeof(ulong))..], TraceWords[((int)position * Words) + i]);
        }

        return count;
    }

    internal override ControlResult TryRunBench(ConsoleWriter output)
    {
        output.Line("hypercall 65 instructions"u8);
        return ControlResult.Ok;
    }

    internal override ControlResult TryPowerOff()
    {
        Requests.Add("poweroff");
        return ControlResult.Failed(ControlOutcome.NotSupported);
    }

    private ControlResult Request(string what, int id, VmState next, params VmState[] from)
    {
        FakeVm? vm = Vms.FirstOrDefault(v => v.Id == id);
        if (vm is null)
        {
            return ControlResult.Failed(ControlOutcome.NoSuchVm);
        }

        if (Refusal != ControlOutcome.Ok)
        {
            return ControlResult.Failed(Refusal);
        }

        if (!from.Contains(vm.State))
        {
            return ControlResult.WrongState(vm.State);
        }

        Requests.Add($"{what} {vm.Name}");
        vm.State = next;
        return ControlResult.Ok;
    }

    internal sealed class FakeVm(int id, string name, VmConsole? console)
    {
        public int Id { get; } = id;

        public string Name { get; } = name;

        public VmConsole? Console { get; set; } = console;

        public VmState State { get; set; }

        public ulong RestartIn { get; set; }

        public ulong RunTime { get; set; }

        public uint Marks { get; set; }

        public int Disks { get; set; }

        public ExitCounts Exits { get; set; }
    }
}

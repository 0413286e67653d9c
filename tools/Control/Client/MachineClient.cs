using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using SharpVisor.Console;
using SharpVisor.Formats;

namespace SharpVisor.Control.Client;

/// <summary>The protocol's operations as methods. What the hypervisor refuses is a <see cref="ControlException"/>.</summary>
internal sealed class MachineClient : IAsyncDisposable
{
    // Beside a piece of text stand its position, its end and a state.
    private const int TextHeader = 17;
    private const int UploadHeader = 12;
    private const int DebuggerHeader = 20;
    private static readonly TimeSpan s_bench = TimeSpan.FromMinutes(5);

    private readonly ControlClient _client;

    internal MachineClient(ControlClient client)
    {
        _client = client;
    }

    /// <summary>What the hypervisor said of itself.</summary>
    internal Greeting Greeting => _client.Greeting;

    /// <summary>Most bytes of a bundle that go in one piece.</summary>
    internal int UploadPiece => Greeting.LargestPayload - UploadHeader;

    /// <summary>Most bytes from gdb that go in one piece.</summary>
    internal int DebuggerPiece => Greeting.LargestPayload - DebuggerHeader;

    /// <summary>How an outcome reads as the end of a sentence.</summary>
    internal static string Describe(Answer answer)
    {
        if (answer.Outcome == (byte)ControlOutcome.WrongState)
        {
            return "it is " + Answer.Text(ControlText.Describe(answer.State));
        }

        return answer.Reason.Length != 0 ? answer.Reason : Answer.Text(ControlText.Describe((ControlOutcome)answer.Outcome));
    }

    /// <summary>Time, numbers and what the channel has seen.</summary>
    internal async Task<MachineAnswer> GetMachineAsync(CancellationToken cancellation)
    {
        Answer answer = await AskAsync(ControlOperation.Machine, default, cancellation);
        return Read(answer);

        static MachineAnswer Read(Answer answer)
        {
            PayloadReader payload = new(answer.Payload.Span);
            return MachineAnswer.Read(ref payload);
        }
    }

    /// <summary>All VMs, in the order of definition.</summary>
    internal async Task<List<VmStatus>> ListVmsAsync(CancellationToken cancellation)
    {
        List<VmStatus> vms = await ListAsync(ControlOperation.ListVms, [], record => StatusRecords.ReadVm(record.Span), cancellation);

        // Number 0 is one that goes away just now.
        vms.RemoveAll(vm => vm.Id == 0);
        return vms;
    }

    /// <summary>One VM by its number.</summary>
    internal async Task<VmStatus> GetVmAsync(int vm, CancellationToken cancellation) =>
        StatusRecords.ReadVm((await AskAsync(ControlOperation.GetVm, Number(vm), cancellation)).Payload.Span);

    /// <summary>One VM by its name, or null.</summary>
    internal async Task<VmStatus?> FindVmAsync(string name, CancellationToken cancellation)
    {
        Answer answer = await _client.AskAsync(ControlOperation.FindVm, Encoding.UTF8.GetBytes(name), cancellation: cancellation);
        if (answer.Outcome == (byte)ControlOutcome.NoSuchVm)
        {
            return null;
        }

        return StatusRecords.ReadVm(Require(answer).Payload.Span);
    }

    /// <summary>The VCpus of a VM, or of all with number 0.</summary>
    internal Task<List<VCpuRecord>> ListVCpusAsync(int vm, CancellationToken cancellation) =>
        ListAsync(
            ControlOperation.ListVCpus,
            Number(vm),
            record => new VCpuRecord(0, 0, StatusRecords.ReadVCpu(record.Span, out int owner, out int index)) with { Vm = owner, Index = index },
            cancellation);

    /// <summary>Whether the machine knows the group of an operation.</summary>
    internal bool Has(ControlOperation operation) => (Greeting.Capabilities >> ((int)operation >> 4) & 1) != 0;

    /// <summary>The disks of a VM.</summary>
    internal Task<List<VmDiskStatus>> ListDisksAsync(int vm, CancellationToken cancellation) =>
        ListAsync(ControlOperation.ListDisks, Number(vm), record => StatusRecords.ReadDisk(record.Span), cancellation);

    /// <summary>All CPUs.</summary>
    internal Task<List<CpuRecord>> ListCpusAsync(CancellationToken cancellation) =>
        ListAsync(ControlOperation.ListCpus, [], record => new CpuRecord(0, StatusRecords.ReadCpu(record.Span, out int index)) with { Index = index }, cancellation);

    /// <summary>Interrupts in use.</summary>
    internal Task<List<InterruptStatus>> ListInterruptsAsync(CancellationToken cancellation) =>
        ListAsync(ControlOperation.ListInterrupts, [], record => StatusRecords.ReadInterrupt(record.Span), cancellation);

    /// <summary>Who has the memory.</summary>
    internal async Task<MemoryStatus> GetMemoryAsync(CancellationToken cancellation) =>
        StatusRecords.ReadMemory((await AskAsync(ControlOperation.Memory, default, cancellation)).Payload.Span);

    /// <summary>A VCpu's registers.</summary>
    internal async Task<VCpuRegisters> ReadRegistersAsync(int vm, int vcpu, CancellationToken cancellation) =>
        StatusRecords.ReadRegisters((await AskAsync(ControlOperation.Registers, Numbers(vm, vcpu), cancellation)).Payload.Span);

    /// <summary>One of the operations on a VM that take nothing but its number: Create to Destroy.</summary>
    internal Task ActAsync(ControlOperation operation, int vm, CancellationToken cancellation) => AskAsync(operation, Number(vm), cancellation);

    /// <summary>How much memory a VM's balloon should leave it.</summary>
    internal Task SetMemoryAsync(int vm, ulong bytes, CancellationToken cancellation)
    {
        byte[] payload = new byte[16];
        BinaryPrimitives.WriteInt32LittleEndian(payload, vm);
        BinaryPrimitives.WriteUInt64LittleEndian(payload.AsSpan(8), bytes);
        return AskAsync(ControlOperation.SetMemory, payload, cancellation);
    }

    /// <summary>Which lines are logged.</summary>
    internal async Task<LogLevel> GetLogLevelAsync(CancellationToken cancellation)
    {
        Answer answer = await AskAsync(ControlOperation.GetLogLevel, default, cancellation);
        return answer.Payload.IsEmpty ? LogLevel.Info : (LogLevel)answer.Payload.Span[0];
    }

    /// <summary>Says which lines are logged.</summary>
    internal Task SetLogLevelAsync(LogLevel level, CancellationToken cancellation) =>
        AskAsync(ControlOperation.SetLogLevel, new[] { (byte)level }, cancellation);

    /// <summary>The hypervisor's lines from a position on.</summary>
    internal async Task<TextPiece> ReadLogAsync(ulong position, CancellationToken cancellation)
    {
        byte[] payload = new byte[10];
        BinaryPrimitives.WriteUInt64LittleEndian(payload, position);
        BinaryPrimitives.WriteUInt16LittleEndian(payload.AsSpan(8), (ushort)(Greeting.LargestPayload - TextHeader));
        return Piece(await AskAsync(ControlOperation.ReadLog, payload, cancellation), hasState: false);
    }

    /// <summary>What a VM has printed from a position on.</summary>
    internal async Task<TextPiece> ReadConsoleAsync(int vm, ulong position, CancellationToken cancellation)
    {
        byte[] payload = new byte[14];
        BinaryPrimitives.WriteInt32LittleEndian(payload, vm);
        BinaryPrimitives.WriteUInt64LittleEndian(payload.AsSpan(4), position);
        BinaryPrimitives.WriteUInt16LittleEndian(payload.AsSpan(12), (ushort)(Greeting.LargestPayload - TextHeader));
        return Piece(await AskAsync(ControlOperation.ReadConsole, payload, cancellation), hasState: true);
    }

    /// <summary>Types for a VM.</summary>
    /// <returns>How many of the bytes it took.</returns>
    internal async Task<int> WriteConsoleAsync(int vm, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        ReadOnlyMemory<byte> piece = bytes[..Math.Min(bytes.Length, Greeting.LargestPayload - sizeof(int))];
        byte[] payload = new byte[sizeof(int) + piece.Length];
        BinaryPrimitives.WriteInt32LittleEndian(payload, vm);
        piece.CopyTo(payload.AsMemory(sizeof(int)));
        Answer answer = await AskAsync(ControlOperation.WriteConsole, payload, cancellation);
        return answer.Payload.Length < sizeof(ushort) ? 0 : Math.Min(BinaryPrimitives.ReadUInt16LittleEndian(answer.Payload.Span), piece.Length);
    }

    /// <summary>Begins to send a bundle.</summary>
    /// <returns>Number of the upload.</returns>
    internal async Task<uint> BeginUploadAsync(ulong length, CancellationToken cancellation)
    {
        byte[] payload = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(payload, length);
        Answer answer = await AskAsync(ControlOperation.BeginUpload, payload, cancellation);
        return new PayloadReader(answer.Payload.Span).UInt32();
    }

    /// <summary>Sends a piece of a bundle, at most <see cref="UploadPiece"/> bytes.</summary>
    internal Task WriteUploadAsync(uint upload, ulong offset, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        byte[] payload = new byte[UploadHeader + bytes.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(payload, upload);
        BinaryPrimitives.WriteUInt64LittleEndian(payload.AsSpan(4), offset);
        bytes.CopyTo(payload.AsMemory(UploadHeader));
        return AskAsync(ControlOperation.WriteUpload, payload, cancellation);
    }

    /// <summary>Has a bundle checked and its VMs defined.</summary>
    /// <param name="upload">Number of the upload.</param>
    /// <param name="digest">SHA-256 of the whole bundle.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <returns>Null where it is still being checked: ask again.</returns>
    internal async Task<UploadResult?> FinishUploadAsync(uint upload, ReadOnlyMemory<byte> digest, CancellationToken cancellation)
    {
        byte[] payload = new byte[sizeof(uint) + digest.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(payload, upload);
        digest.CopyTo(payload.AsMemory(sizeof(uint)));
        Answer answer = await _client.AskAsync(ControlOperation.FinishUpload, payload, cancellation: cancellation);
        if (answer.Outcome == (byte)ControlOutcome.Busy)
        {
            return null;
        }

        PayloadReader fields = new(answer.IsOk ? answer.Payload.Span : answer.Rest);
        BundleError error = (BundleError)fields.UInt8();
        if (answer.IsOk)
        {
            fields.UInt8();
            return new UploadResult(answer.Outcome, fields.UInt16(), error, "", "");
        }

        return new UploadResult(answer.Outcome, 0, error, Answer.Text(fields.Text()), Describe(answer));
    }

    /// <summary>Has an unfinished bundle forgotten.</summary>
    internal Task AbortUploadAsync(uint upload, CancellationToken cancellation) => AskAsync(ControlOperation.AbortUpload, Number((int)upload), cancellation);

    /// <summary>Begins to debug a VM.</summary>
    internal Task AttachDebuggerAsync(int vm, CancellationToken cancellation) => AskAsync(ControlOperation.AttachDebugger, Number(vm), cancellation);

    /// <summary>A VM's debugger has gone.</summary>
    internal Task DetachDebuggerAsync(int vm, CancellationToken cancellation) => AskAsync(ControlOperation.DetachDebugger, Number(vm), cancellation);

    /// <summary>Carries gdb's bytes to a VM, and back what there is for gdb.</summary>
    /// <param name="vm">Number of the VM.</param>
    /// <param name="received">Bytes that gdb has had.</param>
    /// <param name="taken">Bytes from gdb that were taken before.</param>
    /// <param name="bytes">What comes behind those, at most <see cref="DebuggerPiece"/> bytes.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    internal async Task<DebuggerPiece> TalkToDebuggerAsync(int vm, ulong received, ulong taken, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        byte[] payload = new byte[DebuggerHeader + bytes.Length];
        BinaryPrimitives.WriteInt32LittleEndian(payload, vm);
        BinaryPrimitives.WriteUInt64LittleEndian(payload.AsSpan(4), received);
        BinaryPrimitives.WriteUInt64LittleEndian(payload.AsSpan(12), taken);
        bytes.CopyTo(payload.AsMemory(DebuggerHeader));
        Answer answer = await AskAsync(ControlOperation.TalkToDebugger, payload, cancellation);
        PayloadReader fields = new(answer.Payload.Span);
        ulong now = fields.UInt64();
        bool isDone = fields.UInt8() != 0;
        return new DebuggerPiece(Math.Clamp(now, taken, taken + (uint)bytes.Length), isDone, answer.Payload[^fields.Rest.Length..]);
    }

    /// <summary>Says what the machine traces for this session from now on.</summary>
    /// <param name="events">Whether events are.</param>
    /// <param name="samples">How often in a second each CPU notes what its guest does; 0 for never.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    internal async Task<TraceStart> SetTraceAsync(bool events, int samples, CancellationToken cancellation)
    {
        byte[] payload = new byte[4];
        payload[0] = events ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt16LittleEndian(payload.AsSpan(2), (ushort)samples);
        return Read(await AskAsync(ControlOperation.SetTrace, payload, cancellation));

        static TraceStart Read(Answer answer)
        {
            PayloadReader fields = new(answer.Payload.Span);
            return new TraceStart(fields.UInt64(), fields.UInt64(), (int)fields.UInt32());
        }
    }

    /// <summary>A CPU's records from a position on.</summary>
    internal async Task<TracePiece> ReadTraceAsync(int cpu, ulong position, ushort most, CancellationToken cancellation)
    {
        byte[] payload = new byte[14];
        BinaryPrimitives.WriteInt32LittleEndian(payload, cpu);
        BinaryPrimitives.WriteUInt64LittleEndian(payload.AsSpan(4), position);
        BinaryPrimitives.WriteUInt16LittleEndian(payload.AsSpan(12), most);
        Answer answer = await AskAsync(ControlOperation.ReadTrace, payload, cancellation);
        return Read(answer);

        static TracePiece Read(Answer answer)
        {
            PayloadReader fields = new(answer.Payload.Span);
            return new TracePiece(fields.UInt64(), fields.UInt64(), answer.Payload[^fields.Rest.Length..]);
        }
    }

    /// <summary>Has the hypervisor's operations measured.</summary>
    internal async Task<string> RunBenchAsync(CancellationToken cancellation) =>
        Answer.Text(Require(await _client.AskAsync(ControlOperation.RunBench, default, s_bench, cancellation)).Payload.Span);

    /// <summary>Ends the machine.</summary>
    internal async Task PowerOffAsync(CancellationToken cancellation)
    {
        try
        {
            await AskAsync(ControlOperation.PowerOff, default, cancellation);
        }
        catch (ControlException exception) when (exception.Error == ControlError.NoConnection)
        {
            // It was gone before it could answer.
        }
    }

    /// <summary>Ends the session.</summary>
    public ValueTask DisposeAsync() => _client.DisposeAsync();

    private static byte[] Number(int number) => Numbers(number);

    private static byte[] Numbers(params ReadOnlySpan<int> numbers)
    {
        byte[] payload = new byte[numbers.Length * sizeof(int)];
        for (int i = 0; i < numbers.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(payload.AsSpan(i * sizeof(int)), numbers[i]);
        }

        return payload;
    }

    private static Answer Require(Answer answer) =>
        answer.IsOk ? answer : throw new ControlException(ControlError.Refused, Describe(answer)) { Answer = answer };

    private static TextPiece Piece(Answer answer, bool hasState)
    {
        PayloadReader fields = new(answer.Payload.Span);
        ulong position = fields.UInt64();
        ulong end = fields.UInt64();
        VmState state = hasState ? (VmState)fields.UInt8() : VmState.Defined;
        return new TextPiece(position, end, state, answer.Payload[^fields.Rest.Length..]);
    }

    private async Task<Answer> AskAsync(ControlOperation operation, ReadOnlyMemory<byte> payload, CancellationToken cancellation) =>
        Require(await _client.AskAsync(operation, payload, cancellation: cancellation));

    /// <summary>Asks for all records, piece by piece.</summary>
    private async Task<List<T>> ListAsync<T>(
        ControlOperation operation, byte[] prefix, Func<ReadOnlyMemory<byte>, T> read, CancellationToken cancellation)
    {
        List<T> records = [];
        uint first = 0;
        while (true)
        {
            Answer answer = await AskAsync(operation, (byte[])[.. prefix, .. Number((int)first)], cancellation);
            ListHeader header = ReadHeader(answer);
            for (int i = 0; i < header.Records; i++)
            {
                int start = ListHeader.Length + (i * header.RecordSize);
                if (start + header.RecordSize > answer.Payload.Length)
                {
                    return records;
                }

                records.Add(read(answer.Payload.Slice(start, header.RecordSize)));
            }

            first = header.First + header.Records;
            if (header.Records == 0 || first >= header.Count)
            {
                return records;
            }
        }
    }

    private static ListHeader ReadHeader(Answer answer)
    {
        PayloadReader payload = new(answer.Payload.Span);
        return ListHeader.Read(ref payload);
    }
}

using System;
using SharpVisor.Drivers;

namespace SharpVisor.Console;

/// <summary>
/// The hypervisor's end of the control channel: takes frames, does what they ask for, answers. It never speaks first,
/// and answers each frame that is whole once, in the order in which they came.
/// </summary>
/// <remarks>
/// <para>
/// Runs in the context of the channel's interrupt, and of the console's tick, both on the first CPU: one at a time. A
/// call does a bounded piece of work. <see cref="MachineControl"/>'s lock is taken for each request and is the outermost
/// one; what a request takes below it is as for the shell (<see cref="HostConsole"/>).
/// </para>
/// <para>Where the other end does not read, answers wait in the channel's buffers, and when those are full requests do, too.</para>
/// </remarks>
internal sealed class ControlServer
{
    // So that a client in a hurry leaves the CPU to its guests: the tick goes on with the rest.
    private const int MostFrames = 4;
    private const int MostPieces = 8;

    private const ulong Capabilities = 0x13fe;

    private readonly ByteChannel _channel;
    private readonly MachineControl _control;
    private readonly FrameDecoder _decoder = new();
    private readonly FrameEncoder _encoder = new();
    private readonly SessionTable _sessions = new();
    private readonly TextCapture _text = new();
    private readonly ConsoleWriter _writer;
    private readonly UploadOwners _uploads;
    private readonly StatusRequests _status;
    private readonly StreamRequests _streams;
    private readonly ChangeRequests _changes;
    private readonly DebuggerRequests _debuggers;
    private readonly TraceRequests _trace;
    private uint _openings;
    private bool _isOpen;

    /// <summary>Makes the server.</summary>
    /// <param name="channel">Where clients come from.</param>
    /// <param name="control">The machine.</param>
    internal ControlServer(ByteChannel channel, MachineControl control)
    {
        _channel = channel;
        _control = control;
        _writer = new ConsoleWriter(_text);
        _uploads = new UploadOwners(control);
        _status = new StatusRequests(control);
        _streams = new StreamRequests(control);
        _trace = new TraceRequests(control);
        _changes = new ChangeRequests(control, _streams, _uploads);
        _debuggers = new DebuggerRequests(control);
    }

    /// <summary>INTID of the channel's interrupt.</summary>
    internal uint Interrupt => _channel.Interrupt;

    /// <summary>The channel's interrupt: looks what has come.</summary>
    /// <returns>Whether there is more to do now, of which no interrupt will tell: <see cref="Serve"/> goes on.</returns>
    internal bool HandleInterrupt()
    {
        _channel.HandleInterrupt();
        return Serve();
    }

    /// <summary>Takes some frames and answers them.</summary>
    /// <returns>Whether there is more to do now, of which no interrupt will tell.</returns>
    internal bool Serve()
    {
        NoticeOpenings();
        bool more = ServeSome();
        _channel.Flush();
        return more || _channel.WantsTick;
    }

    private bool ServeSome()
    {
        int frames = 0;
        for (int i = 0; i < MostPieces && frames < MostFrames; i++)
        {
            ReadOnlySpan<byte> received = _channel.Peek();
            if (received.IsEmpty)
            {
                return false; // an interrupt comes with the next byte
            }

            NoticeOpenings();
            if (!_channel.IsOpen)
            {
                _channel.Take(received.Length); // who sent this has gone
                continue;
            }

            Span<byte> buffer = _channel.BeginWrite();
            if (buffer.Length < ControlFrame.LargestEncoded + 1)
            {
                return false; // an interrupt comes when one is free
            }

            ReadOnlySpan<byte> rest = received;
            bool isFrame = _decoder.TryTake(ref rest);
            _channel.Take(received.Length - rest.Length);
            if (isFrame && ControlFrame.IsRequest(_decoder.Operation, _decoder.Outcome))
            {
                // Whoever came in the middle of another one's answer finds the begin of this one.
                buffer[0] = 0;
                _channel.EndWrite(1 + Answer(buffer.Slice(1)));
                frames++;
            }
        }

        return true;
    }

    /// <summary>Nothing is left of somebody who has gone when the next one's bytes are looked at.</summary>
    private void NoticeOpenings()
    {
        _channel.NoticeOpenings();
        if (_channel.Openings != _openings || _channel.IsOpen != _isOpen)
        {
            _openings = _channel.Openings;
            _isOpen = _channel.IsOpen;
            Forget();
        }
    }

    private void Forget()
    {
        _decoder.Begin();
        _sessions.ForgetAll();
        _control.Enter();
        _uploads.AbortAll();
        _debuggers.EndAll();
        _trace.ForgetAll();
        _control.Exit();
    }

    private int Answer(Span<byte> destination)
    {
        _control.Enter();
        PayloadWriter answer = new(_encoder.Payload);
        ControlOutcome outcome;
        if (_decoder.Version != ControlFrame.Version)
        {
            outcome = ControlOutcome.UnknownVersion;
            answer.UInt8(ControlFrame.Version);
            answer.UInt8(ControlFrame.Version);
        }
        else if (ChangeRequests.Has((ControlOperation)_decoder.Operation))
        {
            outcome = Change(ref answer);
        }
        else
        {
            ControlResult result = Read((ControlOperation)_decoder.Operation, ref answer);
            outcome = result.Outcome;
            if (!result.IsOk && outcome != ControlOutcome.UnknownVersion)
            {
                answer = new PayloadWriter(_encoder.Payload);
                WriteFailure(ref answer, result, default);
            }
        }

        _control.Exit();
        return _encoder.Encode(
            _decoder.Session, _decoder.Id, (byte)(_decoder.Operation | ControlFrame.AnswerBit), (byte)outcome, answer.Length, destination);
    }

    private ControlOutcome Change(ref PayloadWriter answer)
    {
        Span<byte> tail = stackalloc byte[SessionTable.LargestTail];
        int length = _sessions.Find(_decoder.Session, _decoder.Id, _decoder.Checksum, out ControlResult result, tail);
        if (length < 0)
        {
            PayloadWriter writer = new(tail);
            result = _changes.Execute(_decoder.Session, (ControlOperation)_decoder.Operation, new PayloadReader(_decoder.Payload), ref writer);
            length = writer.Length;
            if (result.Outcome != ControlOutcome.Busy)
            {
                _sessions.Remember(_decoder.Session, _decoder.Id, _decoder.Checksum, result, tail.Slice(0, length));
            }
        }

        if (!result.IsOk)
        {
            WriteFailure(ref answer, result, tail.Slice(0, length));
        }

        answer.Bytes(tail.Slice(0, length));
        return result.Outcome;
    }

    private ControlResult Read(ControlOperation operation, ref PayloadWriter answer)
    {
        PayloadReader request = new(_decoder.Payload);
        switch (operation)
        {
            case ControlOperation.Hello:
                return Hello(request, ref answer);
            case ControlOperation.Bye:
                EndSession(_decoder.Session);
                return ControlResult.Ok;
            case ControlOperation.Machine:
                return Machine(ref answer);
            case ControlOperation.GetLogLevel:
                ControlResult result = _control.TryGetLogLevel(out LogLevel level);
                answer.UInt8((uint)level);
                return result;
            case ControlOperation.ReadLog:
                return _streams.ReadLog(request, ref answer);
            case ControlOperation.ReadConsole:
                return _streams.ReadConsole(request, ref answer);
            case ControlOperation.WriteUpload:
                return _changes.WriteUpload(_decoder.Session, request);
            case ControlOperation.SetTrace:
                return _trace.Set(_decoder.Session, request, ref answer);
            case ControlOperation.ReadTrace:
                return _trace.Read(request, ref answer);
            case ControlOperation.RunBench:
                return RunBench(ref answer);
            case ControlOperation.AttachDebugger:
            case ControlOperation.TalkToDebugger:
            case ControlOperation.DetachDebugger:
                return _debuggers.Execute(_decoder.Session, operation, request, ref answer);
            default:
                return _status.Execute(operation, request, ref answer);
        }
    }

    private ControlResult Hello(PayloadReader request, ref PayloadWriter answer)
    {
        ushort lowest = request.UInt16();
        ushort highest = request.UInt16();
        if (!request.IsComplete || lowest > highest)
        {
            return ControlResult.Failed(ControlOutcome.BadRequest);
        }

        EndSession(_decoder.Session);
        if (lowest > ControlFrame.HighestProtocol || highest < ControlFrame.LowestProtocol)
        {
            answer.UInt8(ControlFrame.LowestProtocol);
            answer.UInt8(ControlFrame.HighestProtocol);
            return ControlResult.Failed(ControlOutcome.UnknownVersion);
        }

        HelloAnswer hello = default;
        hello.Version = (ushort)Math.Min((uint)highest, ControlFrame.HighestProtocol);
        hello.Lowest = ControlFrame.LowestProtocol;
        hello.Highest = ControlFrame.HighestProtocol;
        hello.LargestPayload = ControlFrame.LargestPayload;
        hello.Window = (byte)_channel.Window;
        hello.Capabilities = Capabilities;
        hello.Now = _control.Now;
        hello.Name = "SharpVisor"u8;
        hello.Write(ref answer);
        return ControlResult.Ok;
    }

    private ControlResult Machine(ref PayloadWriter answer)
    {
        ulong position = ControlFrame.FromEnd;
        MachineAnswer machine = default;
        machine.Now = _control.Now;
        machine.Vms = (uint)_control.VmCount;
        machine.Cpus = (uint)_control.CpuCount;
        _control.ReadLog(ref position, default, out ulong start, out ulong end);
        machine.LogStart = start;
        machine.LogEnd = end;
        machine.FramesTaken = _decoder.Taken;
        machine.FramesDropped = _decoder.Dropped;
        machine.Write(ref answer);
        return ControlResult.Ok;
    }

    private ControlResult RunBench(ref PayloadWriter answer)
    {
        _text.Clear();
        ControlResult result = _control.TryRunBench(_writer);
        answer.Bytes(_text.Text);
        return result;
    }

    private void EndSession(byte session)
    {
        _sessions.Forget(session);
        _uploads.AbortAll(session);
        _debuggers.EndAll(session);
        _trace.Forget(session);
    }

    /// <summary>The state that was found, and the reason in words.</summary>
    private static void WriteFailure(ref PayloadWriter answer, ControlResult result, scoped ReadOnlySpan<byte> tail)
    {
        answer.UInt8((uint)result.State);
        answer.Text(result.Outcome == ControlOutcome.BadBundle ? ChangeRequests.DescribeRefusal(tail) : ControlText.Describe(result.Outcome));
    }
}

using System;

namespace SharpVisor.Debug.Gdb;

/// <summary>
/// The target's end of gdb's remote protocol (GDB manual, appendix E), all-stop: takes bytes, asks the
/// <see cref="DebugTarget"/>, and leaves what is to be sent in <see cref="Output"/>.
/// </summary>
/// <remarks>
/// Everything that comes is hostile. What is malformed, too large or not there gets an error reply; what is not known an
/// empty one, as the protocol wants it. Nothing waits: while the target runs, <see cref="Poll"/> looks whether it has stopped.
/// </remarks>
public sealed partial class GdbServer
{
    /// <summary>Most bytes of memory in one answer.</summary>
    private const int LargestRead = GdbInput.Capacity / 2;

    /// <summary>The largest answer but for texts of a monitor command, which take what room there is.</summary>
    private const int LargestAnswer = (2 * LargestRead) + 64;

    private const int AllThreads = -1;
    private const int AnyThread = -2;
    private const int MostThreads = 8;

    private readonly DebugTarget _target;
    private readonly GdbInput _input = new();
    private readonly DebugText _text;
    private readonly DebugResume[] _resume = new DebugResume[MostThreads];
    private readonly byte[] _memory = new byte[LargestRead];
    private int _thread;
    private int _resumeThread;
    private bool _isReliable;
    private bool _isPhysical;
    private bool _isWaiting;

    /// <summary>Begins to serve.</summary>
    public GdbServer(DebugTarget target)
    {
        _target = target;
        _text = new DebugText(Output);
    }

    /// <summary>What is to be sent.</summary>
    public GdbOutput Output { get; } = new();

    /// <summary>Whether gdb has said good-bye: the line belongs to nobody.</summary>
    public bool IsDone { get; private set; }

    /// <summary>A new gdb comes: nothing is left of the one before.</summary>
    public void Begin()
    {
        Output.Reset();
        _input.Reset();
        _thread = 0;
        _resumeThread = AllThreads;
        _isReliable = false;
        _isPhysical = false;
        _isWaiting = false;
        IsDone = false;
        _target.StepsIntoInterrupts = false;
    }

    /// <summary>Takes what has come.</summary>
    /// <returns>How many bytes were taken; the others are to come again once the output has been read.</returns>
    public int Take(ReadOnlySpan<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            if (Output.Room < LargestAnswer)
            {
                return i;
            }

            switch (_input.Take(bytes[i], !_isReliable))
            {
                case GdbInputEvent.Packet:
                    Acknowledge((byte)'+');
                    Execute(_input.Packet);
                    break;
                case GdbInputEvent.TooLong:
                    Acknowledge((byte)'+');
                    Error(GdbError.TooLong);
                    break;
                case GdbInputEvent.Damaged:
                    Acknowledge((byte)'-');
                    break;
                case GdbInputEvent.Interrupt:
                    _target.Interrupt();
                    break;
                case GdbInputEvent.Repeat when !_isReliable:
                    Output.Repeat();
                    break;
            }
        }

        return bytes.Length;
    }

    /// <summary>Tells gdb that the target has stopped, where it waits for that.</summary>
    public void Poll()
    {
        if (_isWaiting && Output.Room >= LargestAnswer && (_target.IsStopped || _target.Stop.Kind == DebugStopKind.Ended))
        {
            _isWaiting = false;
            ReportStop();
        }
    }

    /// <summary>A line for the person before gdb, while gdb waits for the target to stop.</summary>
    public void Say(ReadOnlySpan<byte> line)
    {
        if (_isWaiting && Output.Room >= LargestAnswer)
        {
            Output.Begin();
            Output.Put((byte)'O');
            _text.Text(line).Line();
            Output.End();
        }
    }

    private void Acknowledge(byte sign)
    {
        if (!_isReliable)
        {
            Output.Plain(sign);
        }
    }

    private void Ok() => Output.Packet("OK"u8);

    private void OkOr(bool isDone, GdbError error)
    {
        if (isDone)
        {
            Ok();
        }
        else
        {
            Error(error);
        }
    }

    private void Error(GdbError error)
    {
        Output.Begin();
        Output.Put((byte)'E');
        Output.Byte((byte)error);
        Output.End();
    }

    private void Execute(ReadOnlySpan<byte> packet)
    {
        if (packet.IsEmpty)
        {
            Output.Packet(default);
            return;
        }

        if (_isWaiting)
        {
            Error(GdbError.Running); // all-stop: gdb itself waits
            return;
        }

        byte kind = packet[0];
        var text = new GdbText(packet.Slice(1));
        switch ((char)kind)
        {
            case '?':
                WaitForStop();
                break;
            case 'g':
                ReadRegisters();
                break;
            case 'G':
                WriteRegisters(ref text);
                break;
            case 'p':
                ReadRegister(ref text);
                break;
            case 'P':
                WriteRegister(ref text);
                break;
            case 'm':
                ReadMemory(ref text);
                break;
            case 'M':
            case 'X':
                WriteMemory(ref text, isBinary: kind == 'X');
                break;
            case 'Z':
            case 'z':
                ChangePoint(ref text, isInsertion: kind == 'Z');
                break;
            case 'H':
                ChooseThread(ref text);
                break;
            case 'T':
                OkOr(TryThread(ref text, out int thread) && thread >= 0 && text.IsEnd, GdbError.NoThread);
                break;
            case 'c':
            case 'C':
            case 's':
            case 'S':
                ResumeOldWay(ref text, kind);
                break;
            case 'D':
                _target.Detach();
                IsDone = true;
                Ok();
                break;
            case 'k':
                _target.Kill();
                IsDone = true;
                break;
            case 'R':
                _target.TryRestart();
                break;
            case '!':
                Ok();
                break;
            case 'q':
            case 'Q':
                Query(kind, ref text);
                break;
            case 'v':
                ExecuteLong(ref text);
                break;
            default:
                Output.Packet(default);
                break;
        }
    }

    private void ExecuteLong(ref GdbText text)
    {
        if (text.TryTake("Cont?"u8))
        {
            Output.Packet("vCont;c;C;s;S;t;r"u8);
        }
        else if (text.TryTake("Cont;"u8))
        {
            Resume(ref text);
        }
        else if (text.TryTake("Kill"u8))
        {
            _target.Kill();
            IsDone = true;
            Ok();
        }
        else if (text.TryTake("Attach;"u8))
        {
            WaitForStop();
        }
        else if (text.TryTake("Run"u8))
        {
            if (_target.TryRestart())
            {
                WaitForStop();
            }
            else
            {
                Error(GdbError.Refused);
            }
        }
        else
        {
            Output.Packet(default);
        }
    }

    /// <summary>Takes a thread: its number in hexadecimal, 0 for any, -1 for all.</summary>
    private bool TryThread(ref GdbText text, out int thread)
    {
        thread = AllThreads;
        if (text.TryTake((byte)'-'))
        {
            return text.TryTake((byte)'1');
        }

        if (!text.TrySmallNumber(out int number) || number > _target.ThreadCount)
        {
            return false;
        }

        thread = number == 0 ? AnyThread : number - 1;
        return true;
    }

    private void ChooseThread(ref GdbText text)
    {
        bool isForResume = text.TryTake((byte)'c');
        if ((!isForResume && !text.TryTake((byte)'g')) || !TryThread(ref text, out int thread) || !text.IsEnd)
        {
            Error(GdbError.NoThread);
            return;
        }

        if (isForResume)
        {
            _resumeThread = thread;
        }
        else if (thread >= 0)
        {
            _thread = thread;
        }

        Ok();
    }

    private void WaitForStop()
    {
        _isWaiting = true;
        Poll();
    }

    private void ReportStop()
    {
        DebugStop stop = _target.Stop;
        if (stop.Kind == DebugStopKind.Ended)
        {
            Output.Packet("W00"u8);
            return;
        }

        _thread = stop.Thread;
        Output.Begin();
        Output.Text(stop.Kind switch
        {
            DebugStopKind.Interrupted => "T02"u8, // SIGINT
            DebugStopKind.Crashed => "T06"u8, // SIGABRT
            _ => "T05"u8, // SIGTRAP
        });
        if (stop.Kind is DebugStopKind.Write or DebugStopKind.Read or DebugStopKind.Access)
        {
            Output.Text(stop.Kind switch
            {
                DebugStopKind.Write => "watch:"u8,
                DebugStopKind.Read => "rwatch:"u8,
                _ => "awatch:"u8,
            });
            Output.Number(stop.Address);
            Output.Put((byte)';');
        }

        Output.Text("thread:"u8);
        Output.Number((ulong)stop.Thread + 1);
        Output.Put((byte)';');
        for (int i = DebugRegisters.StackPointer; i <= DebugRegisters.ProgramCounter; i++)
        {
            Output.Byte((byte)i);
            Output.Put((byte)':');
            PutRegister(stop.Thread, i);
            Output.Put((byte)';');
        }

        Output.End();
    }

    private void ResumeOldWay(ref GdbText text, byte kind)
    {
        if (kind is (byte)'C' or (byte)'S')
        {
            text.TrySmallNumber(out _); // a signal means nothing to a VCpu
            text.TryTake((byte)';');
        }

        if (text.TryNumber(out ulong address))
        {
            _target.TryWriteRegister(_thread, DebugRegisters.ProgramCounter, address, 0);
        }

        if (!text.IsEnd)
        {
            Error(GdbError.Malformed);
            return;
        }

        // Those that do not step run on, unless one was chosen.
        bool steps = kind is (byte)'s' or (byte)'S';
        int chosen = _resumeThread >= 0 ? _resumeThread : steps && _resumeThread == AnyThread ? _thread : AllThreads;
        int stepped = _resumeThread >= 0 ? _resumeThread : _thread;
        for (int i = 0; i < _target.ThreadCount; i++)
        {
            _resume[i] = default;
            _resume[i].Runs = chosen == AllThreads || chosen == i;
            _resume[i].Steps = steps && i == stepped;
        }

        Go();
    }

    /// <summary>vCont: for each thread the first action counts that names it, or names none.</summary>
    private void Resume(ref GdbText text)
    {
        int count = _target.ThreadCount;
        uint done = 0;
        for (int i = 0; i < count; i++)
        {
            _resume[i] = default;
        }

        do
        {
            DebugResume action = default;
            int thread = AllThreads;
            if (!TryAction(ref text, ref action) || (text.TryTake((byte)':') && !TryThread(ref text, out thread)))
            {
                Error(GdbError.Malformed);
                return;
            }

            thread = thread == AnyThread ? _thread : thread;
            for (int i = 0; i < count; i++)
            {
                if ((thread == AllThreads || thread == i) && (done >> i & 1) == 0)
                {
                    done |= 1u << i;
                    _resume[i] = action;
                }
            }
        }
        while (text.TryTake((byte)';'));
        if (text.IsEnd)
        {
            Go();
        }
        else
        {
            Error(GdbError.Malformed);
        }
    }

    private static bool TryAction(ref GdbText text, ref DebugResume action)
    {
        action.Runs = true;
        if (text.TryTake((byte)'c'))
        {
            return true;
        }

        if (text.TryTake((byte)'C'))
        {
            return text.TrySmallNumber(out _);
        }

        if (text.TryTake((byte)'t'))
        {
            action.Runs = false;
            return true;
        }

        action.Steps = true;
        if (text.TryTake((byte)'r'))
        {
            return text.TryNumber(out action.RangeStart) && text.TryTake((byte)',') && text.TryNumber(out action.RangeEnd);
        }

        return text.TryTake((byte)'s') || (text.TryTake((byte)'S') && text.TrySmallNumber(out _));
    }

    private void Go()
    {
        if (!_target.TryResume(_resume.AsSpan(0, _target.ThreadCount)))
        {
            Error(GdbError.Refused);
            return;
        }

        _isWaiting = true;
        Poll();
    }
}

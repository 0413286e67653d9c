using System;

namespace SharpVisor.Console;

/// <summary>
/// What carries gdb's bytes to a VM and back. Both directions have positions, so that a request may come again. Who attached
/// owns the connection; when its session ends, the VM's definition says what becomes of the VM.
/// </summary>
internal sealed class DebuggerRequests
{
    /// <summary>Most debuggers at a time.</summary>
    private const int Capacity = 16;

    private readonly MachineControl _control;
    private readonly int[] _vms = new int[Capacity];
    private readonly byte[] _sessions = new byte[Capacity];

    internal DebuggerRequests(MachineControl control) => _control = control;

    /// <summary>Executes one.</summary>
    internal ControlResult Execute(byte session, ControlOperation operation, PayloadReader request, ref PayloadWriter answer)
    {
        int vm = (int)request.UInt32();
        if (!request.IsComplete || vm == 0)
        {
            return ControlResult.Failed(ControlOutcome.BadRequest);
        }

        int place = Find(vm);
        bool isOwner = place >= 0 && _sessions[place] == session;
        switch (operation)
        {
            case ControlOperation.AttachDebugger:
                return Attach(session, vm, place, isOwner);
            case ControlOperation.DetachDebugger:
                if (isOwner)
                {
                    End(place);
                }

                return ControlResult.Ok;
            default:
                return isOwner ? Talk(place, vm, ref request, ref answer) : ControlResult.Failed(ControlOutcome.NoDebugger);
        }
    }

    /// <summary>A client has gone.</summary>
    internal void EndAll(byte session)
    {
        for (int i = 0; i < Capacity; i++)
        {
            if (_vms[i] != 0 && _sessions[i] == session)
            {
                End(i);
            }
        }
    }

    /// <summary>All clients have gone.</summary>
    internal void EndAll()
    {
        for (int i = 0; i < Capacity; i++)
        {
            if (_vms[i] != 0)
            {
                End(i);
            }
        }
    }

    private ControlResult Attach(byte session, int vm, int place, bool isOwner)
    {
        if (isOwner)
        {
            End(place); // it begins anew
            place = -1;
        }

        int free = Find(0);
        if (place >= 0 || free < 0)
        {
            return ControlResult.Failed(place >= 0 ? ControlOutcome.Debugged : ControlOutcome.NoRoom);
        }

        ControlResult result = _control.TryAttachDebugger(vm);
        if (result.IsOk)
        {
            _vms[free] = vm;
            _sessions[free] = session;
        }

        return result;
    }

    private ControlResult Talk(int place, int vm, ref PayloadReader request, ref PayloadWriter answer)
    {
        ulong output = request.UInt64();
        ulong input = request.UInt64();
        if (!request.IsComplete)
        {
            return ControlResult.Failed(ControlOutcome.BadRequest);
        }

        Span<byte> header = answer.Rest;
        answer.Skip(sizeof(ulong) + sizeof(byte));
        ControlResult result = _control.TryTalkToDebugger(vm, output, ref input, request.Rest, answer.Rest, out int count, out bool isDone);
        if (!result.IsOk)
        {
            _vms[place] = 0;
            return result;
        }

        PayloadWriter writer = new(header);
        writer.UInt64(input);
        writer.UInt8(isDone ? 1u : 0u);
        answer.Skip(count);
        return result;
    }

    private int Find(int vm)
    {
        int place = Capacity - 1;
        while (place >= 0 && _vms[place] != vm)
        {
            place--;
        }

        return place;
    }

    private void End(int place)
    {
        int vm = _vms[place];
        _vms[place] = 0;
        _control.LoseDebugger(vm);
    }
}

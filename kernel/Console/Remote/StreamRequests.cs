using System;

namespace SharpVisor.Console;

/// <summary>The log and the VMs' consoles, read from a position that the reader keeps; and what is typed for a VM.</summary>
internal sealed class StreamRequests
{
    private const int PositionLength = sizeof(ulong);

    private readonly MachineControl _control;

    internal StreamRequests(MachineControl control) => _control = control;

    /// <summary>Reads the log.</summary>
    internal ControlResult ReadLog(PayloadReader request, ref PayloadWriter answer)
    {
        ulong position = request.UInt64();
        int most = request.UInt16();
        if (!request.IsComplete)
        {
            return ControlResult.Failed(ControlOutcome.BadRequest);
        }

        Span<byte> header = answer.Rest;
        answer.Skip(2 * PositionLength);
        Span<byte> text = answer.Rest.Slice(0, Math.Min(most, answer.Room));
        int count = _control.ReadLog(ref position, text, out _, out ulong end);
        for (int more = count; more != 0 && count < text.Length; count += more)
        {
            ulong next = position + (ulong)count;
            more = _control.ReadLog(ref next, text.Slice(count), out _, out end);
            if (next != position + (ulong)count)
            {
                break; // what was to come next has gone meanwhile
            }
        }

        Fill(header, position, end);
        answer.Skip(count);
        return ControlResult.Ok;
    }

    /// <summary>Reads a VM's console.</summary>
    internal ControlResult ReadConsole(PayloadReader request, ref PayloadWriter answer)
    {
        int vm = (int)request.UInt32();
        ulong position = request.UInt64();
        int most = request.UInt16();
        if (!request.IsComplete)
        {
            return ControlResult.Failed(ControlOutcome.BadRequest);
        }

        if (!TryFind(vm, out VmConsole? console, out VmState state, out ControlResult failure))
        {
            return failure;
        }

        Span<byte> header = answer.Rest;
        answer.Skip(2 * PositionLength);
        answer.UInt8((uint)state);
        Span<byte> text = answer.Rest.Slice(0, Math.Min(most, answer.Room));
        int count = console!.Read(ref position, text, out ulong end);
        for (int more = count; more != 0 && count < text.Length; count += more)
        {
            ulong next = position + (ulong)count;
            more = console.Read(ref next, text.Slice(count), out end);
            if (next != position + (ulong)count)
            {
                break; // what was to come next has gone meanwhile
            }
        }

        Fill(header, position, end);
        answer.Skip(count);
        return ControlResult.Ok;
    }

    /// <summary>Types for a VM.</summary>
    internal ControlResult WriteConsole(PayloadReader request, ref PayloadWriter answer)
    {
        int vm = (int)request.UInt32();
        if (!request.IsComplete)
        {
            return ControlResult.Failed(ControlOutcome.BadRequest);
        }

        if (!TryFind(vm, out VmConsole? console, out _, out ControlResult failure))
        {
            return failure;
        }

        int count = console!.Put(request.Rest);
        if (count != 0)
        {
            console.Notify(-1);
        }

        answer.UInt16((uint)count);
        return ControlResult.Ok;
    }

    private static void Fill(Span<byte> header, ulong position, ulong end)
    {
        PayloadWriter writer = new(header);
        writer.UInt64(position);
        writer.UInt64(end);
    }

    private bool TryFind(int vm, out VmConsole? console, out VmState state, out ControlResult failure)
    {
        console = null;
        failure = ControlResult.Failed(ControlOutcome.NoSuchVm);
        state = VmState.Defined;
        if (!MachineReports.TryGetById(_control, vm, out VmStatus status))
        {
            return false;
        }

        state = status.State;
        console = _control.ConsoleOf(vm);
        failure = ControlResult.Failed(ControlOutcome.NoConsole);
        return console != null;
    }
}

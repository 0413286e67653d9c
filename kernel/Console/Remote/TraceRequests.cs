using System;

namespace SharpVisor.Console;

/// <summary>
/// The event trace and profiles: who wants what of them, and reading them from positions that the readers keep. Whoever goes
/// away wants nothing any more.
/// </summary>
internal sealed class TraceRequests
{
    private const int Sessions = byte.MaxValue + 1;

    private readonly MachineControl _control;
    private readonly bool[] _events = new bool[Sessions];
    private readonly ushort[] _samples = new ushort[Sessions];

    internal TraceRequests(MachineControl control) => _control = control;

    /// <summary>A session says what it wants. May be repeated.</summary>
    internal ControlResult Set(byte session, PayloadReader request, ref PayloadWriter answer)
    {
        bool events = request.UInt8() != 0;
        request.UInt8();
        ushort samples = request.UInt16();
        if (!request.IsComplete || samples > MachineControl.MostSamples)
        {
            return ControlResult.Failed(ControlOutcome.BadRequest);
        }

        bool hadEvents = _events[session];
        ushort hadSamples = _samples[session];
        _events[session] = events;
        _samples[session] = samples;
        ControlResult result = Apply();
        if (!result.IsOk)
        {
            _events[session] = hadEvents;
            _samples[session] = hadSamples;
            return result;
        }

        answer.UInt64(_control.CounterFrequency);
        answer.UInt64(_control.CounterAtStart);
        answer.UInt32((uint)_control.CpuCount);
        answer.UInt32(MachineControl.TraceRecordSize);
        return result;
    }

    /// <summary>Reads records of a CPU.</summary>
    internal ControlResult Read(PayloadReader request, ref PayloadWriter answer)
    {
        uint cpu = request.UInt32();
        ulong position = request.UInt64();
        int most = request.UInt16();
        if (!request.IsComplete || cpu >= (uint)_control.CpuCount)
        {
            return ControlResult.Failed(ControlOutcome.BadRequest);
        }

        PayloadWriter header = new(answer.Rest);
        answer.Skip(2 * sizeof(ulong));
        Span<byte> records = answer.Rest.Slice(0, Math.Min(most, answer.Room));
        int count = _control.ReadTrace((int)cpu, ref position, records, out ulong end);
        header.UInt64(position);
        header.UInt64(end);
        answer.Skip(count * MachineControl.TraceRecordSize);
        return ControlResult.Ok;
    }

    /// <summary>A session has ended.</summary>
    internal void Forget(byte session)
    {
        if (_events[session] || _samples[session] != 0)
        {
            _events[session] = false;
            _samples[session] = 0;
            Apply();
        }
    }

    /// <summary>All have ended.</summary>
    internal void ForgetAll()
    {
        for (int i = 0; i < Sessions; i++)
        {
            Forget((byte)i);
        }
    }

    private ControlResult Apply()
    {
        bool events = false;
        uint samples = 0;
        for (int i = 0; i < Sessions; i++)
        {
            events |= _events[i];
            samples = Math.Max(samples, _samples[i]);
        }

        return _control.TrySetTrace(events, samples);
    }
}

using System;
using System.Buffers.Binary;
using System.Linq;
using SharpVisor.Console;
using Xunit;

namespace SharpVisor.Tests.Unit.Console.Protocol;

public sealed class TraceRequestTests
{
    private readonly ServerUnderTest _server = new("one");

    [Fact]
    public void What_is_traced_is_what_any_session_wants()
    {
        Assert.Equal(ControlOutcome.Ok, Set(1, true, 0));
        Assert.Equal(ControlOutcome.Ok, Set(2, false, 100));
        Assert.Equal(ControlOutcome.Ok, Set(3, false, 1000));
        Assert.Equal((true, 1000u), _server.Machine.Traced);
        Assert.Equal(ControlOutcome.Ok, Set(1, false, 0));
        Assert.Equal((false, 1000u), _server.Machine.Traced);
        _server.Ask(ControlOperation.Bye, session: 3);
        Assert.Equal((false, 100u), _server.Machine.Traced);
        _server.Ask(ControlOperation.Hello, [1, 0, 1, 0], session: 2);
        Assert.Equal((false, 0u), _server.Machine.Traced);
    }

    [Fact]
    public void Wrong_requests_change_nothing()
    {
        Assert.Equal(ControlOutcome.BadRequest, _server.Ask(ControlOperation.SetTrace, [1]).Outcome);
        Assert.Equal(ControlOutcome.BadRequest, Set(1, true, (ushort)(MachineControl.MostSamples + 1)));
        Assert.Equal((false, 0u), _server.Machine.Traced);
        Assert.Equal(ControlOutcome.BadRequest, _server.Ask(ControlOperation.ReadTrace, new byte[13]).Outcome);
        Assert.Equal(ControlOutcome.BadRequest, Read((uint)_server.Machine.CpuCount, 0, 4096).Outcome);
    }

    [Fact]
    public void Records_are_read_whole_from_a_position_on()
    {
        _server.Machine.TraceWords.AddRange(Enumerable.Range(0, 4 * 200).Select(word => (ulong)word));
        PayloadReader answer = Read(0, 3, 100).Read();
        Assert.Equal(3ul, answer.UInt64());
        Assert.Equal(200ul, answer.UInt64());
        Assert.Equal(96, answer.Rest.Length);
        Assert.Equal(12ul, answer.UInt64());

        answer = Read(0, 0, ushort.MaxValue).Read();
        answer.UInt64();
        answer.UInt64();
        Assert.Equal((ControlFrame.LargestPayload - 16) / 32 * 32, answer.Rest.Length);
    }

    private ControlOutcome Set(byte session, bool events, ushort samples) =>
        _server.Ask(ControlOperation.SetTrace, [(byte)(events ? 1 : 0), 0, (byte)samples, (byte)(samples >> 8)], session).Outcome;

    private Answer Read(uint cpu, ulong position, ushort most)
    {
        byte[] payload = new byte[14];
        BinaryPrimitives.WriteUInt32LittleEndian(payload, cpu);
        BinaryPrimitives.WriteUInt64LittleEndian(payload.AsSpan(4), position);
        BinaryPrimitives.WriteUInt16LittleEndian(payload.AsSpan(12), most);
        return _server.Ask(ControlOperation.ReadTrace, payload);
    }
}

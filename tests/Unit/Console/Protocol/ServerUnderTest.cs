using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using SharpVisor.Console;
using Xunit;

namespace SharpVisor.Tests.Unit.Console.Protocol;

/// <summary>The server on a fake machine, with a client's view of it.</summary>
internal sealed class ServerUnderTest
{
    private ushort _id;

    public ServerUnderTest(params string[] runningVms)
    {
        Console = new ConsoleUnderTest(runningVms);
        Server = new ControlServer(Channel, Machine);
    }

    public ConsoleUnderTest Console { get; }

    public FakeMachine Machine => Console.Machine;

    public FakeChannel Channel { get; } = new();

    public ControlServer Server { get; }

    /// <summary>Sends a request and takes its answer.</summary>
    public Answer Ask(ControlOperation operation, byte[]? payload = null, byte session = 1)
    {
        Channel.Receive(Request(operation, payload, session));
        return Assert.Single(Serve());
    }

    public byte[] Request(ControlOperation operation, byte[]? payload = null, byte session = 1) =>
        FrameTests.Encode(payload ?? [], session, ++_id, (byte)operation, ControlFrame.OutcomeOfRequest((byte)operation));

    /// <summary>Lets the server work until it has nothing to do.</summary>
    public List<Answer> Serve()
    {
        for (int i = 0; i < 10_000 && Server.HandleInterrupt(); i++)
        {
        }

        return TakeAnswers();
    }

    public List<Answer> TakeAnswers()
    {
        ReadOnlySpan<byte> bytes = Channel.Sent.ToArray();
        Channel.Sent.Clear();
        FrameDecoder decoder = new();
        List<Answer> answers = [];
        while (decoder.TryTake(ref bytes))
        {
            Assert.Equal(ControlFrame.Version, decoder.Version);
            answers.Add(new Answer(decoder.Session, decoder.Id, decoder.Operation, (ControlOutcome)decoder.Outcome, decoder.Payload.ToArray()));
            Assert.NotEqual(0, decoder.Operation & ControlFrame.AnswerBit);
        }

        Assert.Equal(0ul, decoder.Dropped);
        return answers;
    }

    /// <summary>A payload of numbers and bytes: byte 1, ushort 2, uint or int 4, ulong 8, text as it is.</summary>
    public static byte[] Payload(params object[] fields) => [.. fields.SelectMany(field => field switch
    {
        byte value => [value],
        ushort value => BitConverter.GetBytes(value),
        int value => BitConverter.GetBytes(value),
        uint value => BitConverter.GetBytes(value),
        ulong value => BitConverter.GetBytes(value),
        string value => Encoding.ASCII.GetBytes(value),
        byte[] value => value,
        _ => throw new ArgumentException(field.GetType().Name, nameof(fields)),
    })];
}

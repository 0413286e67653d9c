using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using CsCheck;
using SharpVisor.Console;
using SharpVisor.Control.Broker;
using SharpVisor.Control.Client;
using SharpVisor.Control.Wire;
using Xunit;

namespace SharpVisor.Tests.Unit.Control;

/// <summary>Many clients on one channel.</summary>
public sealed class BrokerTests : IAsyncLifetime
{
    private const byte Question = (byte)ControlOperation.GetVm;

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    private readonly string _folder = Directory.CreateTempSubdirectory("broker").FullName;
    private ScriptedMachine _machine = null!;
    private ControlBroker _broker = null!;

    public async ValueTask InitializeAsync()
    {
        Line line = await Line.OpenAsync();
        _machine = new ScriptedMachine(line.Far);
        _broker = ControlBroker.Start(line.Near, BrokerListener.Open(Socket));
    }

    public async ValueTask DisposeAsync()
    {
        await _broker.DisposeAsync();
        await _machine.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private string Socket => Path.Combine(_folder, "control.sock");

    [Fact]
    public async Task Clients_that_use_the_same_numbers_get_their_own_answers()
    {
        const int Clients = 8;
        const int Questions = 50;
        await Task.WhenAll(Enumerable.Range(1, Clients).Select(async client =>
        {
            await using RawClient raw = await RawClient.ConnectAsync(_broker.Address);
            for (ushort id = 0; id < Questions; id++)
            {
                await raw.SendAsync(new Frame(0, id, Question, 0, Number((client << 16) | id)));
                Frame answer = await raw.ReceiveAsync();
                Assert.Equal(id, answer.Id);
                Assert.Equal(Number((client << 16) | id), answer.Payload.ToArray());
            }
        }));
    }

    [Fact]
    public async Task Every_client_has_a_session_of_its_own()
    {
        await using RawClient first = await RawClient.ConnectAsync(_broker.Address);
        await using RawClient second = await RawClient.ConnectAsync(_broker.Address);
        await first.AskAsync(1, Question);
        await second.AskAsync(1, Question);
        byte[] sessions = _machine.Requests.Select(request => request.Session).ToArray();
        Assert.Equal(2, sessions.Distinct().Count());
        Assert.DoesNotContain((byte)0, sessions);
    }

    [Fact]
    public async Task A_client_that_dies_in_mid_frame_leaves_nothing_behind()
    {
        await using RawClient other = await RawClient.ConnectAsync(_broker.Address);
        RawClient dying = await RawClient.ConnectAsync(_broker.Address);
        await dying.AskAsync(1, Question);
        byte[] frame = new Frame(0, 2, Question, 0, new byte[300]).Encode();
        await dying.WriteAsync(frame.AsMemory(0, frame.Length / 2));
        await dying.DisposeAsync();
        await _machine.WaitForAsync(requests => requests.Any(request => request.Operation == (byte)ControlOperation.Bye));
        Frame answer = await other.AskAsync(3, Question, new byte[77]);
        Assert.Equal(77, answer.Payload.Length);
        Assert.Equal(0ul, _machine.Dropped);
        Assert.DoesNotContain(_machine.Requests, request => request.Id == 2);
    }

    [Fact]
    public async Task Garbage_of_one_client_disturbs_no_other()
    {
        await using RawClient noisy = await RawClient.ConnectAsync(_broker.Address);
        await using RawClient other = await RawClient.ConnectAsync(_broker.Address);
        Random random = new(1);
        byte[] garbage = new byte[20_000];
        for (ushort id = 0; id < 20; id++)
        {
            random.NextBytes(garbage);
            await noisy.WriteAsync(garbage);
            Frame answer = await other.AskAsync(id, Question, Number(id));
            Assert.Equal(Number(id), answer.Payload.ToArray());
        }

        // And the noisy one finds its way back at the next zero.
        await noisy.WriteAsync(new byte[1]);
        Assert.Equal(99, (await noisy.AskAsync(99, Question)).Id);
        Assert.Equal(0ul, _machine.Dropped);
    }

    [Fact]
    public async Task A_client_that_does_not_read_is_cut_off_and_the_others_go_on()
    {
        RawClient deaf = await RawClient.ConnectAsync(_broker.Address);
        Task flood = Task.Run(async () =>
        {
            try
            {
                for (ushort id = 0; id < 5000; id++)
                {
                    await deaf.SendAsync(new Frame(0, id, Question, 0, new byte[4000]));
                }
            }
            catch (IOException)
            {
                // Cut off.
            }
        });
        await using RawClient other = await RawClient.ConnectAsync(_broker.Address);
        for (ushort id = 0; id < 50; id++)
        {
            Assert.Equal(id, (await other.AskAsync(id, Question)).Id);
        }

        await flood.WaitAsync(s_limit);
        await _machine.WaitForAsync(requests => requests.Any(request => request.Operation == (byte)ControlOperation.Bye));
        Assert.Equal(1, (await other.AskAsync(1, Question)).Id);
        await deaf.DisposeAsync();
    }

    [Fact]
    public async Task Garbage_from_the_machine_is_passed_over()
    {
        await using RawClient client = await RawClient.ConnectAsync(_broker.Address);
        await client.AskAsync(1, Question);
        await _machine.SendAsync([1, 2, 3, 0, 0, 255, 7, 0]);
        Assert.Equal(2, (await client.AskAsync(2, Question)).Id);
    }

    [Fact]
    public async Task An_answer_that_comes_late_does_not_reach_the_next_client()
    {
        // The machine keeps its answers to itself, the confirmations of ended sessions too.
        List<Frame> kept = [];
        _machine.Answer = request =>
        {
            lock (kept)
            {
                kept.Add(ScriptedMachine.Echo(request));
            }

            return [];
        };
        RawClient first = await RawClient.ConnectAsync(_broker.Address);
        await first.SendAsync(new Frame(0, 1, Question, 0, default));
        await _machine.WaitForAsync(requests => requests.Count >= 1);
        await first.DisposeAsync();
        await _machine.WaitForAsync(requests => requests.Any(request => request.Operation == (byte)ControlOperation.Bye));
        await using RawClient next = await RawClient.ConnectAsync(_broker.Address);
        await next.SendAsync(new Frame(0, 1, Question, 0, default));
        await _machine.WaitForAsync(requests => requests.Count(request => request.Operation == Question) == 2);
        byte[] sessions = _machine.Requests.Where(request => request.Operation == Question).Select(request => request.Session).ToArray();
        Assert.NotEqual(sessions[0], sessions[1]);
        Frame[] answers;
        lock (kept)
        {
            answers = kept.Where(answer => answer.Session == sessions[0]).Select(answer => answer with { Payload = new byte[] { 66 } }).ToArray();
        }

        foreach (Frame answer in answers)
        {
            await _machine.SendAsync(answer.Encode());
        }

        await _machine.SendAsync(ScriptedMachine.Echo(new Frame(sessions[1], 1, Question, 0, new byte[] { 77 })).Encode());
        Assert.Equal(77, (await next.ReceiveAsync()).Payload.Span[0]);
    }

    [Fact]
    public async Task The_end_of_a_session_is_told_until_the_machine_confirms_it()
    {
        int farewells = 0;
        _machine.Answer = request => request.Operation == (byte)ControlOperation.Bye && Interlocked.Increment(ref farewells) == 1 ? [] : [ScriptedMachine.Echo(request)];
        RawClient client = await RawClient.ConnectAsync(_broker.Address);
        await client.AskAsync(1, Question);
        await client.DisposeAsync();
        await _machine.WaitForAsync(requests => requests.Count(request => request.Operation == (byte)ControlOperation.Bye) == 2);
        Assert.Equal(0, _broker.Clients);
    }

    [Fact]
    public async Task Clients_are_told_when_the_machine_ends_and_the_socket_is_gone()
    {
        await using RawClient client = await RawClient.ConnectAsync(_broker.Address);
        await client.AskAsync(1, Question);
        await _machine.DisposeAsync();
        await Assert.ThrowsAsync<EndOfStreamException>(() => client.ReceiveAsync());
        await _broker.Completion.WaitAsync(s_limit);
        Assert.False(File.Exists(_broker.Address));
    }

    [Fact]
    public void Two_machines_of_one_folder_have_two_sockets()
    {
        using BrokerListener second = BrokerListener.Open(Socket);
        Assert.Equal("control-2.sock", Path.GetFileName(second.Path));
        Assert.True(File.Exists(second.Path));
        using BrokerListener third = BrokerListener.Open(Socket);
        Assert.Equal("control-3.sock", Path.GetFileName(third.Path));
    }

    [Fact]
    public void A_socket_that_a_killed_machine_left_behind_is_taken_over()
    {
        string path = Path.Combine(_folder, "left.sock");
        File.WriteAllText(path, "");
        using BrokerListener listener = BrokerListener.Open(path);
        Assert.Equal(path, listener.Path);
    }

    [Fact]
    public async Task A_whole_client_works_through_the_broker()
    {
        Stream line = await ControlAddress.OpenAsync(_broker.Address);
        await using ControlClient client = await ControlClient.StartAsync(line, new ClientOptions());
        Assert.Equal("a machine", client.Greeting.Name);
        Answer answer = await client.AskAsync(ControlOperation.GetVm, Number(5));
        Assert.Equal(Number(5), answer.Payload.ToArray());
    }

    /// <summary>
    /// Clients that do whatever comes to their minds, each from a seed: whole frames, damaged ones, noise, half a frame and
    /// good-bye. Every whole frame is answered, to its sender, once, in order; the machine never sees anything else.
    /// </summary>
    [Fact]
    public void Whatever_clients_do_every_whole_frame_is_answered_once() => Gen.Int.Array[4].Sample(
        seeds =>
        {
            ulong droppedBefore = _machine.Dropped;
            Task.WhenAll(seeds.Select((seed, client) => MisbehaveAsync(client, new Random(seed)))).WaitAsync(s_limit).GetAwaiter().GetResult();
            Assert.Equal(droppedBefore, _machine.Dropped);
        },
        iter: 10,
        threads: 1);

    private async Task MisbehaveAsync(int number, Random random)
    {
        RawClient client = await RawClient.ConnectAsync(_broker.Address);
        Queue<(ushort Id, byte[] Payload)> expected = [];
        for (int i = 0; i < 60; i++)
        {
            byte[] payload = new byte[random.Next(0, 600)];
            random.NextBytes(payload);
            ushort id = (ushort)((number << 12) | i);
            byte[] frame = new Frame(0, id, Question, 0, payload).Encode();
            switch (random.Next(6))
            {
                case 0:
                    await client.WriteAsync((byte[])[.. payload, 0]);
                    break;
                case 1:
                    // One byte that is another: COBS codes and checksum catch it. Never a zero, which would end the frame.
                    frame[random.Next(frame.Length - 1)] ^= 0x80;
                    frame.AsSpan(0, frame.Length - 1).Replace<byte>(0, 1);
                    await client.WriteAsync(frame);
                    break;
                case 2:
                    await client.WriteAsync(frame.AsMemory(0, random.Next(frame.Length)));
                    await ExpectAsync(client, expected);
                    await client.DisposeAsync();
                    client = await RawClient.ConnectAsync(_broker.Address);
                    break;
                case 3:
                    int cut = random.Next(frame.Length);
                    await client.WriteAsync(frame.AsMemory(0, cut));
                    await Task.Yield();
                    await client.WriteAsync(frame.AsMemory(cut));
                    expected.Enqueue((id, payload));
                    break;
                default:
                    await client.WriteAsync(frame);
                    expected.Enqueue((id, payload));
                    break;
            }
        }

        await ExpectAsync(client, expected);
        await client.DisposeAsync();
    }

    private static async Task ExpectAsync(RawClient client, Queue<(ushort Id, byte[] Payload)> expected)
    {
        while (expected.TryDequeue(out (ushort Id, byte[] Payload) next))
        {
            Frame answer = await client.ReceiveAsync();
            Assert.Equal(next.Id, answer.Id);
            Assert.Equal(next.Payload, answer.Payload.ToArray());
        }
    }

    private static byte[] Number(int value)
    {
        byte[] bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return bytes;
    }
}

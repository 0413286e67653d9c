using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SharpVisor.Console;
using SharpVisor.Control.Client;
using SharpVisor.Control.Wire;
using Xunit;

namespace SharpVisor.Tests.Unit.Control;

/// <summary>A client on a line that loses and damages.</summary>
public sealed class ClientTests
{
    private static readonly ClientOptions s_hasty = new() { Repeat = TimeSpan.FromMilliseconds(50), Limit = TimeSpan.FromSeconds(20) };

    [Fact]
    public async Task A_request_without_an_answer_is_sent_again_unchanged()
    {
        await using Line line = await Line.OpenAsync();
        int lost = 3;
        await using ScriptedMachine machine = new(line.Far, request =>
            request.Operation == (byte)ControlOperation.Start && Interlocked.Decrement(ref lost) >= 0 ? [] : [ScriptedMachine.Echo(request)]);
        bool wasTold = false;
        await using ControlClient client = await ControlClient.StartAsync(line.Near, s_hasty with { OnLate = () => wasTold = true });
        Answer answer = await client.AskAsync(ControlOperation.Start, new byte[] { 1, 2, 3, 4 });
        Assert.True(answer.IsOk);
        Frame[] sent = machine.Requests.Where(request => request.Operation == (byte)ControlOperation.Start).ToArray();
        Assert.True(sent.Length >= 4);
        Assert.Single(sent.Select(frame => Convert.ToHexString(frame.Encode())).Distinct());
        Assert.True(wasTold);
    }

    [Fact]
    public async Task A_damaged_answer_counts_as_none()
    {
        await using Line line = await Line.OpenAsync();
        int answers = 0;
        ScriptedMachine? self = null;
        await using ScriptedMachine machine = new(line.Far);
        self = machine;
        machine.Answer = request =>
        {
            if (request.Operation != (byte)ControlOperation.Memory || Interlocked.Increment(ref answers) > 1)
            {
                return [ScriptedMachine.Echo(request)];
            }

            byte[] damaged = ScriptedMachine.Echo(request).Encode();
            damaged[3] ^= 0x10;
            self.SendAsync(damaged).Wait();
            return [];
        };
        await using ControlClient client = await ControlClient.StartAsync(line.Near, s_hasty);
        Assert.True((await client.AskAsync(ControlOperation.Memory)).IsOk);
        Assert.Equal(1, client.Repetitions);
    }

    [Fact]
    public async Task A_machine_that_stands_still_is_not_waited_for_forever()
    {
        await using Line line = await Line.OpenAsync();
        await using ScriptedMachine machine = new(line.Far, _ => []);
        Stopwatch watch = Stopwatch.StartNew();
        ControlException exception = await Assert.ThrowsAsync<ControlException>(() =>
            ControlClient.StartAsync(line.Near, new ClientOptions { Repeat = TimeSpan.FromMilliseconds(50), Limit = TimeSpan.FromMilliseconds(300) }));
        Assert.Equal(ControlError.TimedOut, exception.Error);
        Assert.Contains("did not answer", exception.Message, StringComparison.Ordinal);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task A_machine_that_takes_nothing_in_is_not_waited_for_forever()
    {
        // Nobody reads: the line fills up.
        await using Line line = await Line.OpenAsync();
        Task<ControlClient> starting = ControlClient.StartAsync(line.Near, s_hasty);
        await line.Far.WriteAsync(ScriptedMachine.Echo(await FirstAsync(line)).Encode());
        await using ControlClient client = await starting;
        ControlException exception = await Assert.ThrowsAsync<ControlException>(async () =>
        {
            for (int i = 0; i < 1000; i++)
            {
                await client.AskAsync(ControlOperation.WriteUpload, new byte[4000], TimeSpan.FromMilliseconds(20));
            }
        });
        Assert.Equal(ControlError.TimedOut, exception.Error);
    }

    [Fact]
    public async Task The_end_of_the_line_is_told_at_once_to_all_that_wait()
    {
        await using Line line = await Line.OpenAsync();
        await using ScriptedMachine machine = new(line.Far, request => request.Operation == (byte)ControlOperation.Hello ? [ScriptedMachine.Echo(request)] : []);
        await using ControlClient client = await ControlClient.StartAsync(line.Near, new ClientOptions());
        Task<Answer>[] waiting = Enumerable.Range(0, 3).Select(_ => client.AskAsync(ControlOperation.Memory)).ToArray();
        await machine.WaitForAsync(requests => requests.Count == 4);
        await machine.DisposeAsync();
        foreach (Task<Answer> one in waiting)
        {
            ControlException exception = await Assert.ThrowsAsync<ControlException>(() => one);
            Assert.Equal(ControlError.NoConnection, exception.Error);
        }

        await Assert.ThrowsAsync<ControlException>(() => client.AskAsync(ControlOperation.Memory));
    }

    [Fact]
    public async Task Requests_that_change_something_go_one_at_a_time_others_as_many_as_the_window_allows()
    {
        await using Line line = await Line.OpenAsync();
        List<Frame> held = [];
        await using ScriptedMachine machine = new(line.Far, request =>
        {
            if (request.Operation == (byte)ControlOperation.Hello)
            {
                return [ScriptedMachine.Echo(request)];
            }

            lock (held)
            {
                held.Add(request);
            }

            return [];
        });
        await using ControlClient client = await ControlClient.StartAsync(line.Near, new ClientOptions());
        Task changes = Task.WhenAll(Enumerable.Range(0, 3).Select(_ => client.AskAsync(ControlOperation.Pause)));
        await machine.WaitForAsync(requests => requests.Count == 2);
        await Task.Delay(100);
        Assert.Equal(2, machine.Requests.Count);
        for (int i = 0; i < 3; i++)
        {
            await machine.WaitForAsync(requests => requests.Count == i + 2);
            await machine.SendAsync(ScriptedMachine.Echo(held[i]).Encode());
        }

        await changes;
        Task reads = Task.WhenAll(Enumerable.Range(0, 6).Select(_ => client.AskAsync(ControlOperation.GetVm)));
        await machine.WaitForAsync(requests => requests.Count == 8);
        await Task.Delay(100);
        Assert.Equal(8, machine.Requests.Count);
        for (int i = 3; i < 9; i++)
        {
            await machine.WaitForAsync(requests => requests.Count > i + 1);
            await machine.SendAsync(ScriptedMachine.Echo(held[i]).Encode());
        }

        await reads;
    }

    [Fact]
    public async Task Numbers_of_requests_count_up_and_none_is_used_twice()
    {
        await using Line line = await Line.OpenAsync();
        await using ScriptedMachine machine = new(line.Far);
        await using ControlClient client = await ControlClient.StartAsync(line.Near, new ClientOptions());
        for (int i = 0; i < 20; i++)
        {
            await client.AskAsync(ControlOperation.GetVm);
        }

        ushort[] ids = machine.Requests.Select(request => request.Id).ToArray();
        for (int i = 1; i < ids.Length; i++)
        {
            Assert.Equal((ushort)(ids[0] + i), ids[i]);
        }
    }

    [Fact]
    public async Task A_refusal_carries_the_reason_and_the_state()
    {
        await using Line line = await Line.OpenAsync();
        byte[] payload = [(byte)VmState.Paused, 9, .. "it is odd"u8, 5, 6];
        await using ScriptedMachine machine = new(line.Far, request => request.Operation == (byte)ControlOperation.Hello
            ? [ScriptedMachine.Echo(request)]
            : [ScriptedMachine.Echo(request, (byte)ControlOutcome.WrongState) with { Payload = payload }]);
        await using ControlClient client = await ControlClient.StartAsync(line.Near, new ClientOptions());
        Answer answer = await client.AskAsync(ControlOperation.Start);
        Assert.False(answer.IsOk);
        Assert.Equal("it is odd", answer.Reason);
        Assert.Equal(VmState.Paused, answer.State);
        Assert.Equal([5, 6], answer.Rest);
    }

    private static async Task<Frame> FirstAsync(Line line)
    {
        FrameSplitter splitter = new();
        byte[] buffer = new byte[512];
        while (true)
        {
            int count = await line.Far.ReadAsync(buffer);
            if (Take(splitter, buffer.AsSpan(0, count)) is Frame frame)
            {
                return frame;
            }
        }

        static Frame? Take(FrameSplitter splitter, ReadOnlySpan<byte> bytes) => splitter.TryTake(ref bytes, out Frame frame) ? frame : null;
    }
}

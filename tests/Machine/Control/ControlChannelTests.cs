using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Tasks;
using SharpVisor.Build;
using SharpVisor.Build.Running;
using SharpVisor.Build.Soak;
using SharpVisor.Console;
using Xunit;

namespace SharpVisor.Tests.Machine.Control;

/// <summary>The control channel of a machine that runs guests: what clients send, sense and nonsense, and what comes of it.</summary>
public sealed class ControlChannelTests
{
    private const string Ready = "Type and it is echoed";

    [Theory]
    [InlineData(3, false, 2)]
    [InlineData(2, true, 1)]
    public async Task A_client_sees_the_VMs_and_changes_their_lives(int gicVersion, bool isModern, int cpus)
    {
        string socket = ControlLine.NewPath();
        await using EmulatedMachine machine = await StartAsync(socket, gicVersion, isModern, cpus);
        using ControlLine line = await ControlLine.OpenAsync(socket);
        PayloadReader reader = new(await line.AskAsync(ControlOperation.Hello, (ushort)1, (ushort)1));
        Assert.Equal(1, HelloAnswer.Read(ref reader).Version);

        List<VmStatus> vms = await ListAsync(line);
        Assert.Equal(["left", "right"], vms.Select(NameOf));
        int left = vms[0].Id;
        string text = await ReadUntilAsync(line, left, Ready);
        Assert.StartsWith("Hello from a C# guest", text);

        await line.AskAsync(ControlOperation.Pause, left);
        await ExpectStateAsync(line, left, VmState.Paused);
        Assert.Equal(ControlOutcome.WrongState, (await line.TryAskAsync(ControlOperation.Pause, left)).Outcome);
        Assert.NotEqual(0ul, StatusRecords.ReadRegisters(await line.AskAsync(ControlOperation.Registers, left, 0)).Pc);
        await line.AskAsync(ControlOperation.Resume, left);
        await EchoAsync(line, left, "went on");

        await line.AskAsync(ControlOperation.Stop, left);
        await ExpectStateAsync(line, left, VmState.Stopped);
        await line.AskAsync(ControlOperation.Start, left);
        await ExpectStateAsync(line, left, VmState.Running);
        await line.AskAsync(ControlOperation.Reset, left);
        await EchoAsync(line, left, "anew");

        reader = new PayloadReader(await line.AskAsync(ControlOperation.ReadLog, 0ul, (ushort)4096));
        reader.UInt64();
        reader.UInt64();
        string log = Encoding.ASCII.GetString(reader.Rest);
        Assert.Contains("sharpvisor: EL2 on", log);
        Assert.Contains("left: stopped from the console\n", log);

        // It powers off only after it has taken what was typed: the answer may come before or never.
        await line.SendAsync(line.Request(ControlOperation.PowerOff));
        await TestMachine.ExpectEndAsync(machine, 0, Patience.SmallGuest);
    }

    [Fact]
    public async Task Garbage_half_frames_and_clients_that_vanish_hurt_nobody_who_comes_after()
    {
        string socket = ControlLine.NewPath();
        await using EmulatedMachine machine = await StartAsync(socket, 3, isModern: false, cpus: 2);
        Random random = new(11);
        for (int round = 0; round < 8; round++)
        {
            using ControlLine line = await ControlLine.OpenAsync(socket);
            byte[] noise = new byte[random.Next(20_000)];
            random.NextBytes(noise);
            await line.SendAsync(noise);
            await line.SendAsync(new byte[1]);
            Assert.Equal(2, (await ListAsync(line)).Count);

            byte[] half = line.Request(ControlOperation.ListVms, 0);
            await line.SendAsync(half[..random.Next(1, half.Length)]);
            if (round % 2 == 0)
            {
                await line.SendAsync(new byte[1]);
                Assert.Equal(2, (await ListAsync(line)).Count);
            }

            // Answers that nobody reads; then the client has gone.
            for (int i = 0; i < 30; i++)
            {
                await line.SendAsync(line.Request(ControlOperation.ListVms, 0));
            }
        }

        using ControlLine last = await ControlLine.OpenAsync(socket);
        int right = (await ListAsync(last))[1].Id;
        await EchoAsync(last, right, "still here");
    }

    [Fact]
    public async Task A_bundle_is_uploaded_its_VM_runs_and_goes_and_a_bad_one_changes_nothing()
    {
        string socket = ControlLine.NewPath();
        await using EmulatedMachine machine = await StartAsync(socket, 3, isModern: false, cpus: 2);
        using ControlLine line = await ControlLine.OpenAsync(socket);
        foreach (VmStatus vm in await ListAsync(line))
        {
            await ReadUntilAsync(line, vm.Id, Ready); // they take memory as they come to it
        }

        ulong free = await FreeAsync(line);
        byte[] bundle = await TestMachine.BundleAsync($"""
            [[vm]]
            name = "third"
            kernel = '{Repository.GuestImage("hello")}'
            memory = "16M"
            """);

        byte[] damaged = (byte[])bundle.Clone();
        damaged[^100] ^= 1;
        ControlAnswer refused = await UploadAsync(line, damaged);
        Assert.Equal(ControlOutcome.BadBundle, refused.Outcome);
        Assert.Contains("does not match its hash", Encoding.ASCII.GetString(refused.Payload), StringComparison.Ordinal);
        Assert.Equal(ControlOutcome.BadBundle, (await UploadAsync(line, bundle[..(bundle.Length / 2)])).Outcome);
        Assert.Equal(ControlOutcome.BadBundle, (await UploadAsync(line, bundle, new byte[32])).Outcome);
        Assert.NotEqual(ControlOutcome.Ok, (await line.TryAskAsync(ControlOperation.BeginUpload, 1ul << 50)).Outcome);
        await line.AskAsync(ControlOperation.BeginUpload, 1ul << 20); // never finished: its client says goodbye
        await line.AskAsync(ControlOperation.Bye);
        Assert.Equal(["left", "right"], (await ListAsync(line)).Select(NameOf));
        Assert.Equal(free, await FreeAsync(line));

        ControlAnswer taken = await UploadAsync(line, bundle);
        Assert.True(taken.Outcome == ControlOutcome.Ok, Encoding.ASCII.GetString(taken.Payload));
        int third = (await ListAsync(line)).Single(vm => NameOf(vm) == "third").Id;
        await line.AskAsync(ControlOperation.Start, third);
        await EchoAsync(line, third, "from afar");
        await line.AskAsync(ControlOperation.Destroy, third);
        for (int i = 0; (await ListAsync(line)).Any(vm => vm.Id == third); i++)
        {
            Assert.True(i < 500, "it does not go");
            await Task.Delay(10);
        }

        for (int i = 0; await FreeAsync(line) != free; i++)
        {
            Assert.True(i < 500, $"of {free} bytes {await FreeAsync(line)} came back");
            await Task.Delay(10);
        }
    }

    [Fact]
    public async Task A_board_without_virtio_has_its_channel_on_a_UART_to_spare()
    {
        string socket = ControlLine.NewPath();
        MachineSettings board;
        try
        {
            board = await MachineChoice.ResolveAsync(Settings.Parse(["BOARD=raspi3b"], _ => null));
        }
        catch (BuildException exception)
        {
            Assert.Skip(exception.Message);
            return;
        }

        board = board with { ExtraArguments = ["-serial", $"unix:{socket},server=on,wait=off"] };
        await using EmulatedMachine machine = TestMachine.Start(board, await BundleAsync());
        await TestMachine.ExpectAsync(machine, Ready, Patience.SmallGuest);
        using ControlLine line = await ControlLine.OpenAsync(socket);
        PayloadReader reader = new(await line.AskAsync(ControlOperation.Hello, (ushort)1, (ushort)1));
        Assert.Equal(1, HelloAnswer.Read(ref reader).Window);
        byte[] half = line.Request(ControlOperation.ListVms, 0);
        await line.SendAsync([.. half[..9], 0]);
        int right = (await ListAsync(line))[1].Id;
        await EchoAsync(line, right, "over a line");
        for (int i = 0; i < 100; i++)
        {
            await line.AskAsync(ControlOperation.ReadLog, 0ul, (ushort)4000);
        }
    }

    [Fact]
    public async Task Two_clients_ask_thousands_of_times_while_guests_run()
    {
        const int Requests = 3000;
        const int Window = 8;
        string socket = ControlLine.NewPath();
        await using EmulatedMachine machine = await StartAsync(socket, 3, isModern: false, cpus: 1);
        using ControlLine line = await ControlLine.OpenAsync(socket, session: 7);
        int left = (await ListAsync(line))[0].Id;
        await ReadUntilAsync(line, left, Ready);

        // What the broker makes of two clients: one line, two sessions.
        FrameEncoder encoder = new();
        byte[] buffer = new byte[ControlFrame.LargestEncoded];
        int sent = 0;
        for (int answered = 0; answered < Requests; answered++)
        {
            for (; sent < Requests && sent - answered < Window; sent++)
            {
                int length = encoder.Encode((byte)(1 + (sent & 1)), (ushort)(sent / 2), (byte)ControlOperation.ListVms, 0, new byte[4], buffer);
                await line.SendAsync(buffer[..length]);
            }

            ControlAnswer answer = await line.ReceiveAsync();
            Assert.Equal((1 + (answered & 1), answered / 2, ControlOutcome.Ok), (answer.Session, answer.Id, answer.Outcome));
        }

        await EchoAsync(line, left, "with time of my own");
        PayloadReader reader = new(await line.AskAsync(ControlOperation.Machine));
        Assert.Equal(0ul, MachineAnswer.Read(ref reader).FramesDropped);
    }

    [Fact]
    public async Task A_client_that_does_not_read_makes_nobody_wait()
    {
        string socket = ControlLine.NewPath();
        await using EmulatedMachine machine = await StartAsync(socket, 3, isModern: true, cpus: 1);
        using ControlLine line = await ControlLine.OpenAsync(socket);
        await ListAsync(line);
        byte[] request = line.Request(ControlOperation.ReadLog, 0ul, (ushort)4096);
        Task flood = line.SendAsync([.. Enumerable.Repeat(request, 20_000).SelectMany(bytes => bytes)]);
        await TestMachine.ExpectAsync(machine, Ready, Patience.SmallGuest);
        await machine.TypeAsync("the guest goes on\r");
        await TestMachine.ExpectAsync(machine, "the guest goes on", Patience.SmallGuest);
        for (int i = 0; i < 20_000; i++)
        {
            Assert.Equal(ControlOutcome.Ok, (await line.ReceiveAsync()).Outcome);
        }

        await flood;
        Assert.Equal(2, (await ListAsync(line)).Count);
    }

    [Theory]
    [InlineData(1, 1, 3)]
    [InlineData(2, 2, 2)]
    public async Task Any_verbs_in_any_order_do_what_the_state_allows_and_touch_no_other_machine(int seed, int cpus, int gicVersion)
    {
        const int Steps = 200;
        (string Name, ControlOperation Operation)[] verbs =
        [
            ("create", ControlOperation.Create), ("start", ControlOperation.Start), ("pause", ControlOperation.Pause), ("resume", ControlOperation.Resume),
            ("reset", ControlOperation.Reset), ("stop", ControlOperation.Stop), ("destroy", ControlOperation.Destroy),
        ];
        string socket = ControlLine.NewPath();
        await using EmulatedMachine machine = await StartAsync(socket, gicVersion, isModern: false, cpus);
        using ControlLine line = await ControlLine.OpenAsync(socket);
        List<VmStatus> vms = await ListAsync(line);
        foreach (VmStatus vm in vms)
        {
            await line.AskAsync(ControlOperation.Destroy, vm.Id);
        }

        ulong free = await SettledFreeAsync(line);
        SoakMachine[] models = [.. vms.Select(vm => new SoakMachine(NameOf(vm), changesByItself: false, echoes: true))];
        Random random = new(seed);
        for (int step = 0; step < Steps; step++)
        {
            int which = random.Next(vms.Count);
            (string verb, ControlOperation operation) = verbs[random.Next(verbs.Length)];
            string found = models[which].State;
            string? next = models[which].After(verb);
            ControlAnswer answer = await line.TryAskAsync(operation, vms[which].Id);
            string what = $"seed {seed}, step {step}: {verb} of one that is {found}";
            Assert.True((next is null ? ControlOutcome.WrongState : ControlOutcome.Ok) == answer.Outcome, $"{what}: {answer.Outcome}");
            models[which].State = next ?? found;
            List<VmStatus> now = await ListAsync(line);
            for (int i = 0; i < models.Length; i++)
            {
                string state = now[i].State.ToString().ToLowerInvariant();
                bool neverRan = models[i].State == "stopped" && state == "created"; // destroyed, started and stopped in one go
                Assert.True(state == models[i].State || neverRan, $"{what}: {models[i].Name} is {state}, and should be {models[i].State}");
                models[i].State = state;
            }
        }

        foreach (VmStatus vm in vms)
        {
            await line.TryAskAsync(ControlOperation.Destroy, vm.Id);
        }

        Assert.Equal(free, await SettledFreeAsync(line));
    }

    /// <summary>What is free when everything that was destroyed is taken apart.</summary>
    private static async Task<ulong> SettledFreeAsync(ControlLine line)
    {
        ulong free = await FreeAsync(line);
        for (int same = 0; same < 10;)
        {
            await Task.Delay(50);
            ulong now = await FreeAsync(line);
            same = now == free ? same + 1 : 0;
            free = now;
        }

        return free;
    }

    private static async Task<EmulatedMachine> StartAsync(string socket, int gicVersion, bool isModern, int cpus)
    {
        List<string> arguments = [.. ControlLine.QemuArguments(socket)];
        if (isModern)
        {
            arguments.AddRange(["-global", "virtio-mmio.force-legacy=false"]);
        }

        MachineSettings settings = new() { Cpus = cpus, GicVersion = gicVersion, ExtraArguments = arguments };
        return TestMachine.Start(settings, await BundleAsync());
    }

    private static Task<byte[]> BundleAsync()
    {
        StringBuilder definitions = new();
        foreach (string name in new[] { "left", "right" })
        {
            definitions.AppendLine(CultureInfo.InvariantCulture, $"""
                [[vm]]
                name = "{name}"
                kernel = '{Repository.GuestImage("hello")}'
                memory = "16M"
                """);
        }

        return TestMachine.BundleAsync(definitions.ToString());
    }

    private static async Task<List<VmStatus>> ListAsync(ControlLine line) => Parse(await line.AskAsync(ControlOperation.ListVms, 0));

    private static async Task<ulong> FreeAsync(ControlLine line) => StatusRecords.ReadMemory(await line.AskAsync(ControlOperation.Memory)).Free;

    private static async Task<ControlAnswer> UploadAsync(ControlLine line, byte[] bundle, byte[]? hash = null)
    {
        const int Piece = 4000;
        int upload = BitConverter.ToInt32(await line.AskAsync(ControlOperation.BeginUpload, (ulong)bundle.Length));
        for (int offset = 0; offset < bundle.Length; offset += Piece)
        {
            await line.AskAsync(ControlOperation.WriteUpload, upload, (ulong)offset, bundle[offset..Math.Min(bundle.Length, offset + Piece)]);
        }

        ControlAnswer answer;
        do
        {
            answer = await line.TryAskAsync(ControlOperation.FinishUpload, upload, hash ?? SHA256.HashData(bundle));
        }
        while (answer.Outcome == ControlOutcome.Busy);
        return answer;
    }

    private static List<VmStatus> Parse(byte[] payload)
    {
        PayloadReader reader = new(payload);
        ListHeader header = ListHeader.Read(ref reader);
        List<VmStatus> vms = [];
        for (int i = 0; i < header.Records; i++)
        {
            vms.Add(StatusRecords.ReadVm(reader.Bytes(header.RecordSize)));
        }

        return vms;
    }

    private static string NameOf(VmStatus vm)
    {
        byte[] name = new byte[VmName.Capacity];
        return Encoding.ASCII.GetString(name, 0, vm.Name.CopyTo(name));
    }

    private static async Task ExpectStateAsync(ControlLine line, int vm, VmState state)
    {
        for (int i = 0; StatusRecords.ReadVm(await line.AskAsync(ControlOperation.GetVm, vm)).State != state; i++)
        {
            Assert.True(i < 500, $"it does not become {state}");
            await Task.Delay(10);
        }
    }

    /// <summary>A guest, which echoes what it gets, runs.</summary>
    private static async Task EchoAsync(ControlLine line, int vm, string text)
    {
        await ReadUntilAsync(line, vm, Ready);
        byte[] taken = await line.AskAsync(ControlOperation.WriteConsole, vm, text);
        Assert.Equal(text.Length, BitConverter.ToUInt16(taken));
        await ReadUntilAsync(line, vm, text);
    }

    /// <summary>Reads a VM's console from its begin until it has shown a text.</summary>
    private static async Task<string> ReadUntilAsync(ControlLine line, int vm, string expected)
    {
        for (int i = 0; ; i++)
        {
            byte[] payload = await line.AskAsync(ControlOperation.ReadConsole, vm, 0ul, (ushort)4000);
            string text = Encoding.ASCII.GetString(payload.AsSpan(17));
            if (text.Contains(expected, StringComparison.Ordinal))
            {
                return text;
            }

            Assert.True(i < 1000, $"'{expected}' did not come but: {text}");
            await Task.Delay(20);
        }
    }
}

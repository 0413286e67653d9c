using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using CsCheck;
using SharpVisor.Console;
using SharpVisor.Formats;
using Xunit;
using static SharpVisor.Tests.Unit.Console.Protocol.ServerUnderTest;

namespace SharpVisor.Tests.Unit.Console.Protocol;

public sealed class ControlServerTests
{
    private readonly ServerUnderTest _server = new("linux", "debian");

    [Fact]
    public void Hello_agrees_on_the_version_that_both_speak()
    {
        Answer answer = _server.Ask(ControlOperation.Hello, Payload((ushort)1, (ushort)9));
        Assert.Equal(ControlOutcome.Ok, answer.Outcome);
        PayloadReader reader = answer.Read();
        HelloAnswer hello = HelloAnswer.Read(ref reader);
        Assert.True(reader.IsComplete);
        Assert.Equal((1, 1, 1, 4096, 8), (hello.Version, hello.Lowest, hello.Highest, hello.LargestPayload, hello.Window));
        Assert.Equal(_server.Machine.Time, hello.Now);
        Assert.Equal("SharpVisor", Encoding.ASCII.GetString(hello.Name));
    }

    [Fact]
    public void Hello_says_what_it_speaks_where_that_is_nothing_in_common()
    {
        Answer answer = _server.Ask(ControlOperation.Hello, Payload((ushort)2, (ushort)9));
        Assert.Equal(ControlOutcome.UnknownVersion, answer.Outcome);
        Assert.Equal([1, 1], answer.Payload);
        Assert.Equal(ControlOutcome.BadRequest, _server.Ask(ControlOperation.Hello, Payload((ushort)3, (ushort)2)).Outcome);
        Assert.Equal(ControlOutcome.BadRequest, _server.Ask(ControlOperation.Hello, [1]).Outcome);
    }

    [Fact]
    public void Every_operation_is_answered_whether_it_is_known_or_not()
    {
        for (int operation = 0; operation <= byte.MaxValue; operation++)
        {
            Answer answer = _server.Ask((ControlOperation)operation);
            Assert.Equal((byte)operation | ControlFrame.AnswerBit, answer.Operation);
            Assert.Equal(!Enum.IsDefined((ControlOperation)operation), answer.Outcome == ControlOutcome.UnknownOperation);
        }
    }

    [Fact]
    public void What_looks_like_an_answer_is_not_answered()
    {
        _server.Channel.Receive(FrameTests.Encode([], 1, 1, 0x81, 0));
        Assert.Empty(_server.Serve());
        Assert.Equal(0, _server.Channel.Waiting);
    }

    [Fact]
    public void A_debugger_is_its_clients_and_goes_with_it()
    {
        _server.Machine.Add("debugged", VmState.Running);
        int vm = _server.Machine.Vms.Count;
        byte[] number = Payload(vm);
        Assert.Equal(ControlOutcome.NoSuchVm, _server.Ask(ControlOperation.AttachDebugger, Payload(99)).Outcome);
        Assert.Equal(ControlOutcome.BadRequest, _server.Ask(ControlOperation.AttachDebugger, []).Outcome);
        Assert.Equal(ControlOutcome.BadRequest, _server.Ask(ControlOperation.AttachDebugger, Payload(0)).Outcome);
        Assert.Equal(ControlOutcome.NoDebugger, _server.Ask(ControlOperation.TalkToDebugger, Payload(vm, 0ul, 0ul)).Outcome);
        Assert.Equal(ControlOutcome.Ok, _server.Ask(ControlOperation.AttachDebugger, number).Outcome);
        Assert.Equal(ControlOutcome.Debugged, _server.Ask(ControlOperation.AttachDebugger, number, session: 2).Outcome);
        Assert.Equal(ControlOutcome.NoDebugger, _server.Ask(ControlOperation.TalkToDebugger, Payload(vm, 0ul, 0ul), session: 2).Outcome);
        Assert.Equal(ControlOutcome.Ok, _server.Ask(ControlOperation.DetachDebugger, number, session: 2).Outcome);
        Assert.Equal(vm, _server.Machine.DebuggedVm);

        // The same bytes may come again: they are taken once.
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(Payload(3ul, (byte)0, "abc"), _server.Ask(ControlOperation.TalkToDebugger, Payload(vm, 0ul, 0ul, "abc")).Payload);
        }

        Assert.Equal(Payload(5ul, (byte)1, "cDE"), _server.Ask(ControlOperation.TalkToDebugger, Payload(vm, 2ul, 3ul, "DE")).Payload);
        _server.Ask(ControlOperation.Bye);
        Assert.Equal(0, _server.Machine.DebuggedVm);
        Assert.Equal(ControlOutcome.Ok, _server.Ask(ControlOperation.AttachDebugger, number, session: 2).Outcome);
        _server.Channel.Close();
        _server.Channel.Open();
        _server.Serve();
        Assert.Equal(0, _server.Machine.DebuggedVm);
    }

    [Fact]
    public void A_frame_of_another_version_is_answered_with_those_that_are_known()
    {
        byte[] content = [2, 5, 0x34, 0x12, 0x10, 0, 9, 9, 9];
        _server.Channel.Receive(Stuffed([.. content, .. BitConverter.GetBytes(Crc32.Compute(content))]));
        Answer answer = Assert.Single(_server.Serve());
        Assert.Equal((5, 0x1234, ControlOutcome.UnknownVersion), (answer.Session, answer.Id, answer.Outcome));
        Assert.Equal([1, 1], answer.Payload);
    }

    [Fact]
    public void A_VM_is_told_what_to_do_and_the_state_that_forbids_it_is_told()
    {
        Assert.Equal(ControlOutcome.Ok, _server.Ask(ControlOperation.Pause, Payload(1)).Outcome);
        Assert.Equal(["pause linux"], _server.Machine.Requests);
        Answer answer = _server.Ask(ControlOperation.Pause, Payload(1));
        Assert.Equal(ControlOutcome.WrongState, answer.Outcome);
        Assert.Equal((byte)VmState.Paused, answer.Payload[0]);
        Assert.Equal("it is in the wrong state", answer.Reason);
        answer = _server.Ask(ControlOperation.Stop, Payload(77));
        Assert.Equal((ControlOutcome.NoSuchVm, "there is no such VM"), (answer.Outcome, answer.Reason));
        Assert.Equal(ControlOutcome.BadRequest, _server.Ask(ControlOperation.Stop, [1, 0, 0]).Outcome);
        Assert.Equal(ControlOutcome.Ok, _server.Ask(ControlOperation.SetMemory, Payload(2, 0, 64ul << 20)).Outcome);
        Assert.Equal("memory 67108864 debian", _server.Machine.Requests.Last());
    }

    [Theory]
    [InlineData(ControlOperation.Create, "create", VmState.Defined)]
    [InlineData(ControlOperation.Start, "start", VmState.Stopped)]
    [InlineData(ControlOperation.Resume, "resume", VmState.Paused)]
    [InlineData(ControlOperation.Reset, "reset", VmState.Running)]
    [InlineData(ControlOperation.Shutdown, "shutdown", VmState.Running)]
    [InlineData(ControlOperation.Stop, "stop", VmState.Running)]
    [InlineData(ControlOperation.Destroy, "destroy", VmState.Running)]
    internal void Each_step_of_a_life_is_asked_for(ControlOperation operation, string name, VmState from)
    {
        _server.Machine.Vms[1].State = from;
        Assert.Equal(ControlOutcome.Ok, _server.Ask(operation, Payload(2)).Outcome);
        Assert.Equal([name + " debian"], _server.Machine.Requests);
    }

    [Fact]
    public void A_repeated_request_is_answered_again_and_not_done_again()
    {
        byte[] request = _server.Request(ControlOperation.Reset, Payload(1));
        Answer[] answers = new Answer[3];
        for (int i = 0; i < 3; i++)
        {
            _server.Channel.Receive(request);
            answers[i] = Assert.Single(_server.Serve());
        }

        Assert.Equal(["reset linux"], _server.Machine.Requests);
        Assert.All(answers, answer => Assert.Equal(ControlOutcome.Ok, answer.Outcome));
        _server.Ask(ControlOperation.Reset, Payload(1));
        Assert.Equal(2, _server.Machine.Requests.Count);
    }

    [Fact]
    public void A_repeated_failure_is_told_again_in_the_same_words()
    {
        byte[] request = _server.Request(ControlOperation.Resume, Payload(1));
        _server.Channel.Receive(request);
        Answer first = Assert.Single(_server.Serve());
        _server.Machine.Vms[0].State = VmState.Paused;
        _server.Channel.Receive(request);
        Answer second = Assert.Single(_server.Serve());
        Assert.Equal(ControlOutcome.WrongState, first.Outcome);
        Assert.Equal(first.Payload, second.Payload);
        Assert.Equal(first.Outcome, second.Outcome);
        Assert.Empty(_server.Machine.Requests);
    }

    [Fact]
    public void The_same_number_in_another_session_or_with_another_payload_is_another_request()
    {
        foreach ((byte session, int vm) in new[] { ((byte)1, 1), ((byte)2, 1), ((byte)2, 2) })
        {
            _server.Channel.Receive(FrameTests.Encode(Payload(vm), session, 7, (byte)ControlOperation.Reset, 0));
            Assert.Equal(ControlOutcome.Ok, Assert.Single(_server.Serve()).Outcome);
        }

        Assert.Equal(["reset linux", "reset linux", "reset debian"], _server.Machine.Requests);
    }

    [Fact]
    public void Hello_begins_a_session_anew()
    {
        byte[] request = _server.Request(ControlOperation.Reset, Payload(1));
        _server.Channel.Receive(request);
        _server.Serve();
        _server.Ask(ControlOperation.Hello, Payload((ushort)1, (ushort)1));
        _server.Channel.Receive(request);
        _server.Serve();
        Assert.Equal(2, _server.Machine.Requests.Count);
    }

    [Fact]
    public void Two_clients_that_speak_at_once_get_their_own_answers_in_order()
    {
        List<byte> line = [];
        for (int i = 0; i < 40; i++)
        {
            line.AddRange(_server.Request(i % 3 == 0 ? ControlOperation.Machine : ControlOperation.Memory, session: (byte)(i & 1)));
        }

        foreach (byte[] piece in line.ToArray().Chunk(13))
        {
            _server.Channel.Receive(piece);
        }

        List<Answer> answers = _server.Serve();
        Assert.Equal(Enumerable.Range(1, 40), answers.Select(answer => (int)answer.Id));
        Assert.Equal(Enumerable.Range(0, 40).Select(i => (byte)(i & 1)), answers.Select(answer => answer.Session));
        Assert.All(answers, answer => Assert.Equal(ControlOutcome.Ok, answer.Outcome));
    }

    [Fact]
    public void A_long_list_is_read_in_parts()
    {
        for (int i = 0; i < 98; i++)
        {
            _server.Machine.Add($"vm-{i}", i % 2 == 0 ? VmState.Running : VmState.Defined);
        }

        List<int> ids = [];
        uint count;
        do
        {
            PayloadReader reader = _server.Ask(ControlOperation.ListVms, Payload(ids.Count)).Read();
            ListHeader header = ListHeader.Read(ref reader);
            Assert.Equal((uint)ids.Count, header.First);
            count = header.Count;
            Assert.NotEqual(0, header.Records);
            for (int i = 0; i < header.Records; i++)
            {
                ids.Add(StatusRecords.ReadVm(reader.Bytes(header.RecordSize)).Id);
            }

            Assert.True(reader.IsComplete);
            Assert.True(reader.Rest.IsEmpty);
        }
        while (ids.Count < count);
        Assert.Equal(Enumerable.Range(1, 100), ids);

        List<(int Vm, int Index)> vcpus = [];
        do
        {
            PayloadReader reader = _server.Ask(ControlOperation.ListVCpus, Payload(0, vcpus.Count)).Read();
            ListHeader header = ListHeader.Read(ref reader);
            count = header.Count;
            for (int i = 0; i < header.Records; i++)
            {
                VCpuStatus vcpu = StatusRecords.ReadVCpu(reader.Bytes(header.RecordSize), out int vm, out int index);
                Assert.Equal(vm > 2 && vm % 2 == 0 ? -1 : index, vcpu.Cpu);
                vcpus.Add((vm, index));
            }
        }
        while (vcpus.Count < count);
        Assert.Equal(Enumerable.Range(0, 200).Select(i => ((i / 2) + 1, i % 2)), vcpus);
    }

    [Fact]
    public void Lists_end_where_they_end()
    {
        foreach (ControlOperation operation in new[] { ControlOperation.ListVms, ControlOperation.ListCpus, ControlOperation.ListInterrupts })
        {
            PayloadReader reader = _server.Ask(operation, Payload(uint.MaxValue)).Read();
            ListHeader header = ListHeader.Read(ref reader);
            Assert.Equal(0, header.Records);
            Assert.Equal(operation == ControlOperation.ListInterrupts ? 0u : 2u, header.Count);
            Assert.Equal(ControlOutcome.BadRequest, _server.Ask(operation).Outcome);
        }

        PayloadReader one = _server.Ask(ControlOperation.ListVCpus, Payload(2, 1)).Read();
        Assert.Equal((2u, 1), (ListHeader.Read(ref one).Count, one.Rest.Length / StatusRecords.VCpuSize));
        Assert.Equal(ControlOutcome.NoSuchVm, _server.Ask(ControlOperation.ListVCpus, Payload(3, 0)).Outcome);
    }

    [Fact]
    public void VMs_are_found_by_number_and_name_and_the_rest_of_the_machine_is_told()
    {
        Assert.Equal(2, StatusRecords.ReadVm(_server.Ask(ControlOperation.GetVm, Payload(2)).Payload).Id);
        Assert.Equal(2, StatusRecords.ReadVm(_server.Ask(ControlOperation.FindVm, Payload("debian")).Payload).Id);
        Assert.Equal(ControlOutcome.NoSuchVm, _server.Ask(ControlOperation.FindVm, Payload("debia")).Outcome);
        Assert.Equal(ControlOutcome.NoSuchVm, _server.Ask(ControlOperation.GetVm, Payload(0)).Outcome);
        Assert.Equal(300ul << 20, StatusRecords.ReadMemory(_server.Ask(ControlOperation.Memory).Payload).Free);
        _server.Machine.InterruptList.Add(new InterruptStatus { Number = 33, Count = 5, User = InterruptUser.SerialLine });
        PayloadReader reader = _server.Ask(ControlOperation.ListInterrupts, Payload(0)).Read();
        ListHeader header = ListHeader.Read(ref reader);
        Assert.Equal(33u, StatusRecords.ReadInterrupt(reader.Bytes(header.RecordSize)).Number);
        _server.Machine.Vms[0].State = VmState.Paused;
        Assert.Equal(0xfeedul, StatusRecords.ReadRegisters(_server.Ask(ControlOperation.Registers, Payload(1, 1)).Payload)[5]);
        Assert.Equal(ControlOutcome.NoSuchVCpu, _server.Ask(ControlOperation.Registers, Payload(1, 2)).Outcome);
        Assert.Equal(ControlOutcome.WrongState, _server.Ask(ControlOperation.Registers, Payload(2, 0)).Outcome);
        Assert.Equal("hypercall 65 instructions\n", Encoding.ASCII.GetString(_server.Ask(ControlOperation.RunBench).Payload));
        Assert.Equal(ControlOutcome.NotSupported, _server.Ask(ControlOperation.PowerOff).Outcome);
        Assert.Equal(["poweroff"], _server.Machine.Requests);
    }

    [Fact]
    public void The_log_level_is_asked_for_and_set()
    {
        Assert.Equal([(byte)LogLevel.Info], _server.Ask(ControlOperation.GetLogLevel).Payload);
        Assert.Equal(ControlOutcome.Ok, _server.Ask(ControlOperation.SetLogLevel, [(byte)LogLevel.Debug]).Outcome);
        Assert.Equal(LogLevel.Debug, _server.Machine.Level);
        Assert.Equal(ControlOutcome.BadRequest, _server.Ask(ControlOperation.SetLogLevel, [(byte)LogLevel.Count]).Outcome);
        Assert.Equal(ControlOutcome.BadRequest, _server.Ask(ControlOperation.SetLogLevel).Outcome);
    }

    [Fact]
    public void A_console_is_read_by_position_and_what_was_lost_can_be_told()
    {
        Random random = new(5);
        StringBuilder all = new();
        ulong position = 0;
        int lost = 0;
        StringBuilder read = new();
        for (int round = 0; round < 40; round++)
        {
            string text = new([.. Enumerable.Range(0, random.Next(6000)).Select(_ => (char)random.Next('a', 'z'))]);
            all.Append(text);
            _server.Console.Output(0, text);
            for (int i = random.Next(3); i >= 0; i--)
            {
                (ulong first, ulong end, VmState state, string piece) = ReadConsole(1, position, (ushort)random.Next(1, 9000));
                Assert.Equal((ulong)all.Length, end);
                Assert.Equal(VmState.Running, state);
                lost += (int)(first - position);
                position = first + (ulong)piece.Length;
                Assert.Equal(all.ToString((int)first, piece.Length), piece);
                read.Append(piece);
            }
        }

        Assert.Equal((int)position, lost + read.Length);
        Assert.True(read.Length > 20_000, "most was not read");
    }

    [Fact]
    public void A_reader_may_begin_at_the_end_and_a_console_may_begin_anew()
    {
        _server.Console.Output(1, "old");
        (ulong position, ulong end, _, string text) = ReadConsole(2, ControlFrame.FromEnd, 100);
        Assert.Equal((3ul, 3ul, ""), (position, end, text));
        (position, end, _, text) = ReadConsole(2, 9000, 100);
        Assert.Equal((0ul, 3ul, "old"), (position, end, text));
        _server.Machine.Vms[1].Console = null;
        Assert.Equal(ControlOutcome.NoConsole, _server.Ask(ControlOperation.ReadConsole, Payload(2, 0ul, (ushort)10)).Outcome);
        Assert.Equal(ControlOutcome.NoSuchVm, _server.Ask(ControlOperation.ReadConsole, Payload(3, 0ul, (ushort)10)).Outcome);
        Assert.Equal(ControlOutcome.BadRequest, _server.Ask(ControlOperation.ReadConsole, Payload(3, 0ul)).Outcome);
    }

    [Fact]
    public void What_is_typed_reaches_the_guest_as_far_as_it_takes_it()
    {
        string text = string.Concat(Enumerable.Repeat("0123456789", 400));
        StringBuilder got = new();
        int sent = 0;
        for (int i = 0; sent < text.Length; i++)
        {
            Assert.True(i < 100, "it does not go on");
            int taken = _server.Ask(ControlOperation.WriteConsole, Payload(1, text[sent..Math.Min(text.Length, sent + 2000)])).Read().UInt16();
            sent += taken;
            got.Append(_server.Console.TakeInput(0, most: 500));
        }

        got.Append(_server.Console.TakeInput(0));
        Assert.Equal(text, got.ToString());
        Assert.Equal(0, _server.Ask(ControlOperation.WriteConsole, Payload(1)).Read().UInt16());
    }

    [Fact]
    public void The_log_is_read_by_position()
    {
        _server.Machine.Log.BeginLine();
        foreach (byte value in "sharpvisor: linux: started\r\n"u8)
        {
            _server.Machine.Log.Write(value);
        }

        _server.Machine.Log.EndLine();
        PayloadReader reader = _server.Ask(ControlOperation.ReadLog, Payload(0ul, (ushort)4096)).Read();
        Assert.Equal((0ul, 27ul), (reader.UInt64(), reader.UInt64()));
        Assert.Equal("sharpvisor: linux: started\n", Encoding.ASCII.GetString(reader.Rest));
        reader = _server.Ask(ControlOperation.Machine).Read();
        MachineAnswer machine = MachineAnswer.Read(ref reader);
        Assert.Equal((2u, 2u, 0ul, 27ul, 2ul, 0ul), (machine.Vms, machine.Cpus, machine.LogStart, machine.LogEnd, machine.FramesTaken, machine.FramesDropped));
    }

    [Fact]
    public void A_bundle_is_uploaded_in_pieces_that_may_come_again()
    {
        byte[] bundle = RandomNumberGenerator.GetBytes(20_000);
        int upload = Begin(bundle.Length);
        foreach (int offset in Enumerable.Range(0, 5).Select(i => i * 4084).Concat([4084, 0]))
        {
            Assert.Equal(ControlOutcome.Ok, Write(upload, offset, bundle[offset..Math.Min(bundle.Length, offset + 4084)]).Outcome);
        }

        Assert.Equal(ControlOutcome.BadRequest, Write(upload, 20_000, [1]).Outcome);
        _server.Machine.ChecksLeft = 2;
        byte[] finish = Payload(upload, SHA256.HashData(bundle));
        Assert.Equal(ControlOutcome.Busy, _server.Ask(ControlOperation.FinishUpload, finish).Outcome);
        byte[] request = _server.Request(ControlOperation.FinishUpload, finish);
        for (int i = 0; i < 4; i++)
        {
            _server.Channel.Receive(request);
            Answer answer = Assert.Single(_server.Serve());
            Assert.Equal(i == 0 ? ControlOutcome.Busy : ControlOutcome.Ok, answer.Outcome);
            if (i > 0)
            {
                Assert.Equal([0, 0, 1, 0], answer.Payload);
            }
        }

        Assert.Equal(3, _server.Machine.Vms.Count);
        Assert.Equal(ControlOutcome.NoSuchUpload, _server.Ask(ControlOperation.FinishUpload, finish).Outcome);
    }

    [Fact]
    public void A_refused_bundle_is_told_with_the_reason_and_the_one_at_fault()
    {
        int upload = Begin(4);
        _server.Machine.UploadError = BundleError.NoKernel;
        byte[] request = _server.Request(ControlOperation.FinishUpload, Payload(upload, new byte[32]));
        for (int i = 0; i < 2; i++)
        {
            _server.Channel.Receive(request);
            Answer answer = Assert.Single(_server.Serve());
            Assert.Equal(ControlOutcome.BadBundle, answer.Outcome);
            Assert.Equal("its kernel property must name an image under /images", answer.Reason);
            PayloadReader reader = answer.Read();
            reader.UInt8();
            reader.Text();
            Assert.Equal((byte)BundleError.NoKernel, reader.UInt8());
            Assert.Equal("left", Encoding.ASCII.GetString(reader.Text()));
        }

        _server.Machine.UploadError = BundleError.None;
        Answer wrong = _server.Ask(ControlOperation.FinishUpload, Payload(Begin(4), new byte[32]));
        Assert.Equal("its bytes do not match the SHA-256 that was sent with it", wrong.Reason);
        Assert.Equal(2, _server.Machine.Vms.Count);
        Assert.Equal(ControlOutcome.NoMemory, _server.Ask(ControlOperation.BeginUpload, Payload(ulong.MaxValue)).Outcome);
    }

    [Fact]
    public void An_upload_belongs_to_the_client_that_began_it_and_goes_with_it()
    {
        int upload = Begin(100);
        Assert.Equal(ControlOutcome.NoSuchUpload, _server.Ask(ControlOperation.WriteUpload, Payload(upload, 0ul, "x"), session: 2).Outcome);
        Assert.Equal(ControlOutcome.NoSuchUpload, _server.Ask(ControlOperation.AbortUpload, Payload(upload), session: 2).Outcome);
        _server.Ask(ControlOperation.Bye, session: 2);
        Assert.Single(_server.Machine.Uploads);
        _server.Ask(ControlOperation.Bye);
        Assert.Empty(_server.Machine.Uploads);

        Begin(100);
        _server.Ask(ControlOperation.Hello, Payload((ushort)1, (ushort)1));
        Assert.Empty(_server.Machine.Uploads);

        upload = Begin(100);
        Assert.Equal(ControlOutcome.Ok, _server.Ask(ControlOperation.AbortUpload, Payload(upload)).Outcome);
        Assert.Equal(ControlOutcome.NoSuchUpload, _server.Ask(ControlOperation.AbortUpload, Payload(upload)).Outcome);
        Assert.Empty(_server.Machine.Uploads);

        for (int i = 0; i < 16; i++)
        {
            Begin(1);
        }

        Assert.Equal(ControlOutcome.NoRoom, _server.Ask(ControlOperation.BeginUpload, Payload(1ul)).Outcome);
        _server.Channel.Close();
        Assert.Empty(_server.Serve());
        Assert.Empty(_server.Machine.Uploads);
    }

    [Fact]
    public void Who_comes_after_another_one_finds_nothing_of_it()
    {
        byte[] request = _server.Request(ControlOperation.Reset, Payload(1));
        _server.Channel.Receive(request);
        _server.Serve();
        Begin(5);
        _server.Channel.Receive(request[..5]);
        _server.Serve();
        _server.Channel.Close();
        _server.Channel.Receive(_server.Request(ControlOperation.Stop, Payload(1)));
        Assert.Empty(_server.Serve());
        _server.Channel.Open();
        _server.Channel.Receive(request);
        Assert.Equal(ControlOutcome.Ok, Assert.Single(_server.Serve()).Outcome);
        Assert.Equal(["reset linux", "reset linux"], _server.Machine.Requests);
        Assert.Empty(_server.Machine.Uploads);
    }

    [Fact]
    public void Who_comes_while_the_one_before_is_served_loses_nothing()
    {
        Begin(5);
        _server.Channel.Receive(_server.Request(ControlOperation.Stop, Payload(1))[..7]);
        _server.Serve();
        _server.Channel.ChangeUnnoticed();
        byte[] begin = _server.Request(ControlOperation.BeginUpload, Payload(9ul));
        _server.Channel.Receive([0, .. begin[..4]]);
        Assert.Empty(_server.Serve());
        _server.Channel.Receive(begin[4..]);
        Assert.Equal(ControlOutcome.Ok, Assert.Single(_server.Serve()).Outcome);
        Assert.Equal(9, Assert.Single(_server.Machine.Uploads).Value.Length);
        Assert.Empty(_server.Machine.Requests);
    }

    [Fact]
    public void A_client_in_a_hurry_gets_a_bounded_piece_of_work_at_a_time()
    {
        for (int i = 0; i < 20; i++)
        {
            _server.Channel.Receive(_server.Request(ControlOperation.Machine));
        }

        int calls = 0;
        int answers = 0;
        bool more = true;
        while (more)
        {
            more = _server.Server.Serve();
            int now = _server.TakeAnswers().Count;
            Assert.InRange(now, 0, 4);
            answers += now;
            calls++;
        }

        Assert.Equal(20, answers);
        Assert.InRange(calls, 5, 7);
        Assert.Equal(calls, _server.Channel.Flushes);
    }

    [Fact]
    public void Requests_wait_while_answers_find_no_room()
    {
        _server.Channel.FreeBuffers = 2;
        for (int i = 0; i < 5; i++)
        {
            _server.Channel.Receive(_server.Request(ControlOperation.Reset, Payload(1)));
        }

        Assert.Equal(2, _server.Serve().Count);
        Assert.Equal(2, _server.Machine.Requests.Count);
        _server.Channel.FreeBuffers = 100;
        Assert.Equal(3, _server.Serve().Count);
        Assert.Equal(5, _server.Machine.Requests.Count);
    }

    [Fact]
    public void Garbage_and_nonsense_change_nothing_for_those_who_make_sense()
    {
        Gen<byte[]> noise = Gen.Byte.Array[0, 40];
        Gen<byte[]> payload = Gen.OneOf(Gen.Byte.Array[0, 60], Gen.Int[0, 4].Select(vm => Payload(vm, 0ul, (ushort)50)));
        Gen.Select(noise, payload, Gen.Byte[0, 127], Gen.Byte, Gen.Bool).Array[1, 60].Sample(parts =>
        {
            ServerUnderTest server = new("linux", "debian");
            List<(ushort, byte)> expected = [];
            ushort id = 0;
            foreach ((byte[] before, byte[] content, byte operation, byte session, bool isSense) in parts)
            {
                server.Channel.Receive([.. before, 0]);
                byte[] request = FrameTests.Encode(content, session, ++id, operation, 0);
                server.Channel.Receive(isSense ? request : request[..(request.Length / 2)]);
                if (isSense)
                {
                    expected.Add((id, session));
                }
            }

            Assert.Equal(expected, server.Serve().Select(answer => (answer.Id, answer.Session)));
            Assert.Equal(0, server.Channel.Waiting);
        }, iter: 400);
    }

    private static byte[] Stuffed(byte[] content)
    {
        List<byte> line = [];
        int code = 0;
        line.Add(1);
        foreach (byte value in content)
        {
            if (value == 0)
            {
                code = line.Count;
                line.Add(1);
            }
            else
            {
                line.Add(value);
                line[code]++;
            }
        }

        return [.. line, 0];
    }

    private int Begin(int length)
    {
        Answer answer = _server.Ask(ControlOperation.BeginUpload, Payload((ulong)length));
        Assert.Equal(ControlOutcome.Ok, answer.Outcome);
        return (int)answer.Read().UInt32();
    }

    private Answer Write(int upload, int offset, byte[] data) => _server.Ask(ControlOperation.WriteUpload, Payload(upload, (ulong)offset, data));

    private (ulong Position, ulong End, VmState State, string Text) ReadConsole(int vm, ulong position, ushort most)
    {
        PayloadReader reader = _server.Ask(ControlOperation.ReadConsole, Payload(vm, position, most)).Read();
        return (reader.UInt64(), reader.UInt64(), (VmState)reader.UInt8(), Encoding.ASCII.GetString(reader.Rest));
    }
}

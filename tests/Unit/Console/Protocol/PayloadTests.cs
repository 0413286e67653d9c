using System;
using System.Text;
using CsCheck;
using SharpVisor.Console;
using Xunit;

namespace SharpVisor.Tests.Unit.Console.Protocol;

public sealed class PayloadTests
{
    [Fact]
    public void Numbers_and_texts_come_back()
    {
        Gen.Select(Gen.Byte, Gen.UShort, Gen.UInt, Gen.ULong, Gen.Byte.Array[0, 255]).Sample((one, two, four, eight, text) =>
        {
            byte[] bytes = new byte[600];
            PayloadWriter writer = new(bytes);
            writer.UInt8(one);
            writer.UInt16(two);
            writer.UInt32(four);
            writer.UInt64(eight);
            writer.Text(text);
            writer.Bytes(text);
            PayloadReader reader = new(bytes.AsSpan(0, writer.Length));
            Assert.Equal((one, two, four, eight), (reader.UInt8(), reader.UInt16(), reader.UInt32(), reader.UInt64()));
            Assert.Equal(text, reader.Text().ToArray());
            Assert.Equal(text, reader.Bytes(text.Length).ToArray());
            Assert.True(reader.IsComplete);
            Assert.True(reader.Rest.IsEmpty);
        }, iter: 500);
    }

    [Fact]
    public void What_is_missing_reads_as_zero()
    {
        PayloadReader reader = new([1, 2, 3]);
        Assert.Equal(0x0201, reader.UInt16());
        Assert.True(reader.IsComplete);
        Assert.Equal(0u, reader.UInt32());
        Assert.Equal(0, reader.UInt8());
        Assert.False(reader.IsComplete);
        reader = new([5, 2, 3]);
        Assert.True(reader.Text().IsEmpty);
        Assert.False(reader.IsComplete);
        reader = new([]);
        Assert.True(reader.Bytes(-1).IsEmpty);
        Assert.False(reader.IsComplete);
    }

    [Fact]
    public void What_finds_no_room_is_left_out()
    {
        byte[] bytes = new byte[4];
        PayloadWriter writer = new(bytes);
        writer.UInt64(1);
        writer.UInt8(9);
        writer.UInt32(7);
        Assert.Equal(1, writer.Length);
        writer.Text("hello"u8);
        Assert.Equal([9, 2, (byte)'h', (byte)'e'], bytes);
        writer.UInt8(1);
        writer.Text("x"u8);
        writer.Skip(3);
        Assert.Equal(4, writer.Length);
    }

    [Fact]
    public void A_VM_comes_back()
    {
        FakeMachine machine = new();
        machine.Add("a-name-of-thirty-one-characters", VmState.Crashed);
        machine.TryGetVm(0, out VmStatus sent);
        byte[] record = Write(StatusRecords.VmSize, (ref PayloadWriter writer) => StatusRecords.Write(ref writer, sent));
        VmStatus got = StatusRecords.ReadVm(record);
        Assert.True(got.Name.Is(Encoding.ASCII.GetBytes("a-name-of-thirty-one-characters")));
        Assert.Equal(sent, got);
        Assert.Equal(0, StatusRecords.ReadVm([1]).Name.Length);
    }

    [Fact]
    public void A_VCpu_comes_back_with_reasons_that_are_not_known_yet()
    {
        VCpuStatus sent = default;
        sent.State = VCpuState.Waiting;
        sent.Cpu = -1;
        sent.RunTime = ulong.MaxValue;
        sent.StolenTime = 5;
        ExitCounts exits = default;
        exits[ExitReason.Device] = 11;
        exits[ExitReason.Other] = 13;
        sent.Exits = exits;
        byte[] record = Write(StatusRecords.VCpuSize, (ref PayloadWriter writer) => StatusRecords.Write(ref writer, 3, 7, sent));
        VCpuStatus got = StatusRecords.ReadVCpu(record, out int vm, out int index);
        Assert.Equal((3, 7), (vm, index));
        Assert.Equal(sent, got);
        record[7]++;
        got = StatusRecords.ReadVCpu([.. record, 29, 0, 0, 0, 0, 0, 0, 0], out _, out _);
        Assert.Equal(42ul, got.Exits[ExitReason.Other]);
        Assert.Equal(11ul, got.Exits[ExitReason.Device]);
    }

    [Fact]
    public void CPUs_interrupts_memory_and_registers_come_back()
    {
        CpuStatus cpu = new() { Affinity = 0x8_0000_0102, IsOnline = true, UpTime = 1, IdleTime = 2, Vm = 3, VCpu = 4, Ready = 5 };
        byte[] record = Write(StatusRecords.CpuSize, (ref PayloadWriter writer) => StatusRecords.Write(ref writer, 6, cpu));
        Assert.Equal(cpu, StatusRecords.ReadCpu(record, out int index));
        Assert.Equal(6, index);
        InterruptStatus interrupt = new() { Number = 1019, Count = 1ul << 40, User = InterruptUser.Device, Vm = 9 };
        record = Write(StatusRecords.InterruptSize, (ref PayloadWriter writer) => StatusRecords.Write(ref writer, interrupt));
        Assert.Equal(interrupt, StatusRecords.ReadInterrupt(record));
        MemoryStatus memory = new() { Total = 1, Free = 2, LargestFree = 3, Hypervisor = 4, Shared = 5, Kept = 6 };
        record = Write(6 * 8, (ref PayloadWriter writer) => StatusRecords.Write(ref writer, memory));
        Assert.Equal(memory, StatusRecords.ReadMemory(record));
        VCpuRegisters registers = default;
        for (int i = 0; i < VCpuRegisters.GeneralCount; i++)
        {
            registers[i] = (ulong)i << 33;
        }

        registers.Pc = 100;
        registers.VbarEl1 = 200;
        record = Write(44 * 8, (ref PayloadWriter writer) => StatusRecords.Write(ref writer, registers));
        Assert.Equal(registers, StatusRecords.ReadRegisters(record));
    }

    [Fact]
    public void Answers_come_back()
    {
        byte[] record = Write(37, (ref PayloadWriter writer) =>
        {
            HelloAnswer sent = new() { Version = 1, Lowest = 1, Highest = 2, LargestPayload = 4096, Window = 8, Capabilities = 0xfe, Now = 77, Name = "SharpVisor"u8 };
            sent.Write(ref writer);
        });
        PayloadReader reader = new(record);
        HelloAnswer hello = HelloAnswer.Read(ref reader);
        Assert.True(reader.IsComplete);
        Assert.Equal((1, 1, 2, 4096, 8), (hello.Version, hello.Lowest, hello.Highest, hello.LargestPayload, hello.Window));
        Assert.Equal((0xfeul, 77ul), (hello.Capabilities, hello.Now));
        Assert.Equal("SharpVisor", Encoding.ASCII.GetString(hello.Name));

        MachineAnswer machine = new() { Now = 1, Vms = 2, Cpus = 3, LogStart = 4, LogEnd = 5, FramesTaken = 6, FramesDropped = 7 };
        reader = new(Write(48, (ref PayloadWriter writer) => machine.Write(ref writer)));
        Assert.Equal(machine, MachineAnswer.Read(ref reader));

        ListHeader header = new() { Count = 200, First = 42, RecordSize = 96, Records = 41 };
        reader = new(Write(ListHeader.Length, (ref PayloadWriter writer) => header.Write(ref writer)));
        Assert.Equal(header, ListHeader.Read(ref reader));
    }

    private delegate void Writing(ref PayloadWriter writer);

    private static byte[] Write(int length, Writing write)
    {
        byte[] record = new byte[1000];
        PayloadWriter writer = new(record);
        write(ref writer);
        Assert.Equal(length, writer.Length);
        return record[..length];
    }
}

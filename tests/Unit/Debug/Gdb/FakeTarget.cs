using System;
using System.Collections.Generic;
using SharpVisor.Debug.Gdb;

namespace SharpVisor.Tests.Unit.Debug.Gdb;

/// <summary>A target of three threads, some registers, and two pieces of memory.</summary>
internal sealed class FakeTarget : DebugTarget
{
    public const ulong Memory = 0xffff_0000_0000_1000;
    public const ulong PhysicalMemory = 0x4000_0000;

    private bool _isStopped = true;
    private DebugStop _stop;

    public ulong[,] Low { get; } = new ulong[3, DebugRegisters.Count];

    public ulong[,] High { get; } = new ulong[3, DebugRegisters.Count];

    public byte[] Bytes { get; } = new byte[0x3000];

    public List<string> Requests { get; } = [];

    public HashSet<(DebugPoint Kind, ulong Address, ulong Length)> Points { get; } = [];

    public override int ThreadCount => 3;

    public override bool IsStopped => _isStopped;

    public override DebugStop Stop => _stop;

    public override bool StepsIntoInterrupts { get; set; }

    public void StopAt(DebugStopKind kind, int thread, ulong address = 0)
    {
        _isStopped = kind != DebugStopKind.Ended;
        _stop.Kind = kind;
        _stop.Thread = thread;
        _stop.Address = address;
    }

    public override ulong ReadRegister(int thread, int number, out ulong high)
    {
        high = High[thread, number];
        return Low[thread, number];
    }

    public override bool TryWriteRegister(int thread, int number, ulong low, ulong high)
    {
        if (number == DebugRegisters.FirstSystem + (int)DebugSystemRegister.Mpidr)
        {
            return false;
        }

        Low[thread, number] = DebugRegisters.SizeOf(number) == 4 ? (uint)low : low;
        High[thread, number] = high;
        return true;
    }

    public override int ReadMemory(int thread, bool isPhysical, ulong address, Span<byte> destination)
    {
        ulong offset = address - (isPhysical ? PhysicalMemory : Memory);
        if (offset >= (ulong)Bytes.Length)
        {
            return 0;
        }

        int count = (int)Math.Min((ulong)destination.Length, (ulong)Bytes.Length - offset);
        Bytes.AsSpan((int)offset, count).CopyTo(destination);
        return count;
    }

    public override bool TryWriteMemory(int thread, bool isPhysical, ulong address, ReadOnlySpan<byte> bytes)
    {
        ulong offset = address - (isPhysical ? PhysicalMemory : Memory);
        return offset < (ulong)Bytes.Length && bytes.TryCopyTo(Bytes.AsSpan((int)offset));
    }

    public override bool TryInsert(int thread, DebugPoint kind, ulong address, ulong length) => Points.Count < 4 && Points.Add((kind, address, length));

    public override bool TryRemove(DebugPoint kind, ulong address, ulong length) => Points.Remove((kind, address, length));

    public override void Interrupt() => Requests.Add("interrupt");

    public override bool TryResume(ReadOnlySpan<DebugResume> threads)
    {
        string words = "";
        foreach (DebugResume thread in threads)
        {
            words += !thread.Runs ? " stay" : thread.RangeEnd > thread.RangeStart ? $" step {thread.RangeStart:x}-{thread.RangeEnd:x}" : thread.Steps ? " step" : " run";
        }

        Requests.Add(words[1..]);
        _isStopped = false;
        return true;
    }

    public override void Detach() => Requests.Add("detach");

    public override void Kill() => Requests.Add("kill");

    public override bool TryRestart()
    {
        Requests.Add("restart");
        return true;
    }

    public override void DescribeThread(int thread, DebugText text) => text.Text("thread "u8).Decimal((ulong)thread);

    public override void Monitor(int thread, ReadOnlySpan<byte> command, DebugText text) =>
        text.Text(command).Text(" of "u8).Decimal((ulong)thread).Text(" "u8).Hex(0xabc).Line();
}

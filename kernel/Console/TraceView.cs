using System;
using SharpVisor.Debug;

namespace SharpVisor.Console;

/// <summary>The newest events of each CPU in words, one a line.</summary>
internal static class TraceView
{
    private const int Shown = 16;
    private const int Words = MachineControl.TraceRecordSize / sizeof(ulong);

    /// <summary>Writes them.</summary>
    internal static unsafe void Show(MachineControl control, ConsoleWriter output)
    {
        ulong* words = stackalloc ulong[Shown * Words];
        Span<byte> bytes = new(words, Shown * MachineControl.TraceRecordSize);
        bool isEmpty = true;
        for (int cpu = 0; cpu < control.CpuCount; cpu++)
        {
            ulong position = 0;
            control.ReadTrace(cpu, ref position, default, out ulong end);
            position = end > Shown ? end - Shown : 0;
            int count = control.ReadTrace(cpu, ref position, bytes, out _);
            for (int i = 0; i < count; i++)
            {
                Line(control, output, cpu, words + (i * Words));
            }

            isEmpty &= count == 0;
        }

        if (isEmpty)
        {
            output.Line("nothing was traced; trace on begins"u8);
        }
    }

    private static unsafe void Line(MachineControl control, ConsoleWriter output, int cpu, ulong* record)
    {
        var kind = (TraceKind)record[1];
        output.Text("cpu"u8).Decimal((ulong)cpu).Text(" "u8).Hex(record[0] - control.CounterAtStart, 12).Text("  "u8);
        if ((ushort)(record[1] >> 16) != 0)
        {
            output.Text("vm "u8).Decimal((ushort)(record[1] >> 16)).Text(" vcpu"u8).Decimal((byte)(record[1] >> 8)).Text(" "u8);
        }

        output.Text(kind switch
        {
            TraceKind.Exit => "exit"u8,
            TraceKind.Entry => "entry"u8,
            TraceKind.Interrupt => "interrupt"u8,
            TraceKind.Injection => "injection"u8,
            TraceKind.Arrive => "arrives"u8,
            TraceKind.Depart => "departs"u8,
            TraceKind.Idle => "idle"u8,
            TraceKind.Awake => "awake"u8,
            TraceKind.Mark => "mark"u8,
            TraceKind.Sample => "sample"u8,
            _ => "callers"u8,
        });
        if (kind == TraceKind.Exit)
        {
            output.Text(" ESR "u8).Hex(record[1] >> 32, 8);
        }

        if (kind is TraceKind.Exit or TraceKind.Interrupt or TraceKind.Sample)
        {
            output.Text(" PC "u8).Hex(record[2], 16).Text(" "u8).Hex(record[3], 16);
        }
        else if (kind is TraceKind.Injection or TraceKind.Mark)
        {
            output.Text(" "u8).Decimal(record[3]);
        }

        output.End();
    }
}

using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using SharpVisor.Control.Client;

namespace SharpVisor.Hvctl.Tracing;

/// <summary>Pulls records of all CPUs and gives them in the order of time. Holds no more than the machine keeps.</summary>
internal sealed class TraceReader
{
    private readonly MachineClient _machine;
    private readonly ulong[] _next;
    private List<TraceRecord> _held = [];
    private ulong _newest;

    private TraceReader(MachineClient machine, TraceStart start)
    {
        _machine = machine;
        Start = start;
        _next = new ulong[start.Cpus];
    }

    internal TraceStart Start { get; }

    /// <summary>Records that were overwritten before they could be read.</summary>
    internal ulong Lost { get; private set; }

    /// <summary>Begins with what happens from now on.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="events">Whether events are to be traced.</param>
    /// <param name="samples">Samples a second.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    internal static async Task<TraceReader> StartAsync(MachineClient machine, bool events, int samples, CancellationToken cancellation)
    {
        TraceReader reader = new(machine, await machine.SetTraceAsync(events, samples, cancellation));
        for (int cpu = 0; cpu < reader._next.Length; cpu++)
        {
            reader._next[cpu] = (await machine.ReadTraceAsync(cpu, ulong.MaxValue, 0, cancellation)).End;
        }

        return reader;
    }

    /// <summary>
    /// What has come: all that is older than the newest record of the call before, which is complete now on every CPU. With
    /// <paramref name="isLast"/> all there is.
    /// </summary>
    internal async Task<IReadOnlyList<TraceRecord>> ReadAsync(bool isLast, CancellationToken cancellation)
    {
        ulong complete = isLast ? ulong.MaxValue : _newest;
        for (int cpu = 0; cpu < _next.Length; cpu++)
        {
            await ReadAsync(cpu, cancellation);
        }

        // Stable: records of a CPU with the same time stay in their order.
        List<TraceRecord> ready = [];
        List<TraceRecord> held = [];
        foreach (TraceRecord record in _held)
        {
            (record.Time <= complete ? ready : held).Add(record);
        }

        _held = held;
        TraceRecord[] sorted = [.. ready];
        ulong[] keys = Array.ConvertAll(sorted, record => record.Time);
        int[] order = new int[sorted.Length];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        Array.Sort(order, (one, other) => keys[one] != keys[other] ? keys[one].CompareTo(keys[other]) : one.CompareTo(other));
        return Array.ConvertAll(order, place => sorted[place]);
    }

    /// <summary>Nothing more is wanted.</summary>
    internal Task StopAsync(CancellationToken cancellation) => _machine.SetTraceAsync(events: false, samples: 0, cancellation);

    private async Task ReadAsync(int cpu, CancellationToken cancellation)
    {
        ulong? end = null;
        while (end is null || _next[cpu] < end)
        {
            TracePiece piece = await _machine.ReadTraceAsync(cpu, _next[cpu], ushort.MaxValue, cancellation);
            end ??= piece.End;
            Lost += piece.Position - _next[cpu];
            int count = piece.Records.Length / TraceRecord.Size;
            for (int i = 0; i < count; i++)
            {
                TraceRecord record = TraceRecord.Read(cpu, piece.Records.Span[(i * TraceRecord.Size)..]);
                _newest = Math.Max(_newest, record.Time);
                _held.Add(record);
            }

            _next[cpu] = piece.Position + (ulong)count;
            if (count == 0)
            {
                return;
            }
        }
    }
}

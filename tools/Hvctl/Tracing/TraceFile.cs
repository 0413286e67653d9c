using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text.Json;
using SharpVisor.Debug;

namespace SharpVisor.Hvctl.Tracing;

/// <summary>
/// Turns records into a file in the Trace Event Format, as Perfetto and Chrome's viewer read it: a track for each CPU with who
/// runs there, one for each VCpu of the VM with its exits as slices, injections and marks as instants. Writes as it goes.
/// </summary>
internal sealed class TraceFile : IDisposable
{
    private const int CpuProcess = 1;
    private const int VmProcess = 2;
    private const int FlushBytes = 1 << 16;
    private const uint VirtualTimer = 27;

    private readonly Utf8JsonWriter _json;
    private readonly TraceClock _times;
    private readonly IReadOnlyDictionary<int, string> _names;
    private readonly int _vm;
    private readonly Dictionary<uint, TraceRecord> _left = [];
    private readonly HashSet<int> _vcpus = [];
    private readonly Dictionary<int, (uint Name, ulong Since)> _residents = [];
    private readonly Dictionary<int, ulong> _idle = [];
    private ulong _last;

    /// <summary>Begins a file.</summary>
    /// <param name="stream">Where it goes.</param>
    /// <param name="times">How times are counted.</param>
    /// <param name="vm">Number of the VM that is looked at.</param>
    /// <param name="names">Names of all VMs, by the low half of their numbers.</param>
    /// <param name="cpus">How many CPUs there are.</param>
    internal TraceFile(Stream stream, TraceClock times, int vm, IReadOnlyDictionary<int, string> names, int cpus)
    {
        _json = new Utf8JsonWriter(stream);
        _times = times;
        _names = names;
        _vm = (ushort)vm;
        _json.WriteStartObject();
        _json.WriteString("displayTimeUnit", "ns");
        _json.WriteStartArray("traceEvents");
        Describe("process_name", CpuProcess, 0, "CPUs");
        Describe("process_name", VmProcess, 0, NameOf((uint)_vm << 16));
        for (int cpu = 0; cpu < cpus; cpu++)
        {
            Describe("thread_name", CpuProcess, cpu, string.Create(CultureInfo.InvariantCulture, $"CPU {cpu}"));
        }
    }

    /// <summary>Events that were written.</summary>
    internal long Events { get; private set; }

    /// <summary>Adds a record; they come in the order of time.</summary>
    internal void Add(in TraceRecord record)
    {
        _last = record.Time;
        switch (record.Kind)
        {
            case TraceKind.Exit:
            case TraceKind.Interrupt:
                NoteResident(record);
                if (record.Vm == _vm)
                {
                    _left[record.Name] = record;
                    if (record.Kind == TraceKind.Interrupt && record.Second == VirtualTimer)
                    {
                        Instant(record, "inject " + ExitText.Interrupt(record.Second));
                    }
                }

                break;
            case TraceKind.Entry:
                NoteResident(record);
                if (_left.Remove(record.Name, out TraceRecord left))
                {
                    Slice(left, record.Time);
                }

                break;
            case TraceKind.Injection when record.Vm == _vm:
                Instant(record, "inject " + ExitText.Interrupt(record.Second));
                break;
            case TraceKind.Mark when record.Vm == _vm:
                Instant(record, string.Create(CultureInfo.InvariantCulture, $"mark {record.Second}: 0x{record.First:x}"));
                break;
            case TraceKind.Arrive:
                NoteResident(record);
                break;
            case TraceKind.Depart:
                Leave(record.Cpu, record.Time);
                if (TraceRecord.NameIn(record.Second) != 0)
                {
                    _residents[record.Cpu] = (TraceRecord.NameIn(record.Second), record.Time);
                }

                break;
            case TraceKind.Idle:
                _idle[record.Cpu] = record.Time;
                break;
            case TraceKind.Awake:
                if (_idle.Remove(record.Cpu, out ulong since))
                {
                    Complete(CpuProcess, record.Cpu, "idle", "scheduling", since, record.Time);
                }

                break;
        }

        if (_json.BytesPending > FlushBytes)
        {
            _json.Flush();
        }
    }

    /// <summary>Ends the file: what goes on still is ended, too.</summary>
    internal void Finish(ulong lost)
    {
        foreach (TraceRecord left in _left.Values)
        {
            Slice(left, _last);
        }

        foreach (int cpu in new List<int>(_residents.Keys))
        {
            Leave(cpu, _last);
        }

        foreach ((int cpu, ulong since) in _idle)
        {
            Complete(CpuProcess, cpu, "idle", "scheduling", since, _last);
        }

        _json.WriteEndArray();
        _json.WriteStartObject("otherData");
        _json.WriteString("machine", "SharpVisor");
        _json.WriteNumber("lostRecords", lost);
        _json.WriteEndObject();
        _json.WriteEndObject();
        _json.Dispose(); // writes what it holds; the stream is its owner's
    }

    public void Dispose() => _json.Dispose();

    private void NoteResident(in TraceRecord record)
    {
        if (!_residents.TryGetValue(record.Cpu, out (uint Name, ulong Since) resident) || resident.Name != record.Name)
        {
            Leave(record.Cpu, record.Time);
            _residents[record.Cpu] = (record.Name, record.Time);
        }
    }

    private void Leave(int cpu, ulong time)
    {
        if (_residents.Remove(cpu, out (uint Name, ulong Since) resident))
        {
            Complete(CpuProcess, cpu, $"{NameOf(resident.Name)} vcpu{(byte)(resident.Name >> 8)}", "scheduling", resident.Since, time);
        }
    }

    private void Slice(in TraceRecord left, ulong end)
    {
        bool isInterrupt = left.Kind == TraceKind.Interrupt;
        string name = isInterrupt ? ExitText.Interrupt(left.Second) : ExitText.Describe(left.Detail, left.Second);
        Begin("X", VmProcess, Track(left), name, "exit", left.Time);
        _json.WriteNumber("dur", _times.Microseconds(end - Math.Min(left.Time, end)));
        _json.WriteStartObject("args");
        _json.WriteNumber("cpu", left.Cpu);
        _json.WriteString("pc", Hex(left.First));
        if (!isInterrupt)
        {
            _json.WriteString("esr", Hex(left.Detail));
            _json.WriteString(left.Detail >> 26 == 0x24 ? "ipa" : "x0", Hex(left.Second));
        }

        _json.WriteEndObject();
        _json.WriteEndObject();
    }

    private void Complete(int process, int track, string name, string category, ulong begin, ulong end)
    {
        Begin("X", process, track, name, category, begin);
        _json.WriteNumber("dur", _times.Microseconds(end - Math.Min(begin, end)));
        _json.WriteEndObject();
    }

    private void Instant(in TraceRecord record, string name)
    {
        Begin("i", VmProcess, Track(record), name, record.Kind == TraceKind.Mark ? "mark" : "injection", record.Time);
        _json.WriteString("s", "t");
        _json.WriteEndObject();
    }

    private int Track(in TraceRecord record)
    {
        if (_vcpus.Add(record.VCpu))
        {
            Describe("thread_name", VmProcess, record.VCpu, string.Create(CultureInfo.InvariantCulture, $"VCpu {record.VCpu}"));
        }

        return record.VCpu;
    }

    private void Begin(string phase, int process, int track, string name, string category, ulong time)
    {
        Events++;
        _json.WriteStartObject();
        _json.WriteString("ph", phase);
        _json.WriteNumber("pid", process);
        _json.WriteNumber("tid", track);
        _json.WriteString("name", name);
        _json.WriteString("cat", category);
        _json.WriteNumber("ts", _times.Microseconds(time - Math.Min(_times.Start, time)));
    }

    private void Describe(string what, int process, int track, string name)
    {
        _json.WriteStartObject();
        _json.WriteString("ph", "M");
        _json.WriteNumber("pid", process);
        _json.WriteNumber("tid", track);
        _json.WriteString("name", what);
        _json.WriteStartObject("args");
        _json.WriteString("name", name);
        _json.WriteEndObject();
        _json.WriteEndObject();
    }

    private string NameOf(uint name)
    {
        int vm = (int)(name >> 16);
        return _names.TryGetValue(vm, out string? known) ? known : string.Create(CultureInfo.InvariantCulture, $"VM {vm}");
    }

    private static string Hex(ulong value) => string.Create(CultureInfo.InvariantCulture, $"0x{value:x}");
}

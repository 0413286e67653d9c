using System;
using System.Collections.Generic;
using System.Linq;
using SharpVisor.Console;
using SharpVisor.Control.Client;
using SharpVisor.Hvctl.Json;

namespace SharpVisor.Hvctl.Watching;

/// <summary>What happened between two looks at the machine. A VM that was made anew in between counts from 0.</summary>
internal sealed class Interval
{
    private const double NanosecondsPerSecond = 1e9;

    private readonly Snapshot _before;
    private readonly Dictionary<(int Vm, int Index), VCpuStatus> _earlier;

    internal Interval(Snapshot before, Snapshot after)
    {
        _before = before;
        After = after;
        Nanoseconds = Since(after.Now, before.Now);
        _earlier = before.VCpus.ToDictionary(vcpu => (vcpu.Vm, vcpu.Index), vcpu => vcpu.Status);
    }

    /// <summary>The later look.</summary>
    internal Snapshot After { get; }

    /// <summary>The machine's time between them.</summary>
    internal ulong Nanoseconds { get; }

    /// <summary>A VM's VCpus.</summary>
    internal IReadOnlyList<VCpuRecord> VCpusOf(int vm) => After.VCpus.Where(vcpu => vcpu.Vm == vm).ToList();

    /// <summary>What a VCpu did.</summary>
    internal Usage Of(in VCpuRecord vcpu)
    {
        _earlier.TryGetValue((vcpu.Vm, vcpu.Index), out VCpuStatus earlier);
        ExitCounts exits = vcpu.Status.Exits;
        return new Usage(
            Percent(Since(vcpu.Status.RunTime, earlier.RunTime)),
            Percent(Since(vcpu.Status.StolenTime, earlier.StolenTime)),
            exits.Since(earlier.Exits),
            Nanoseconds / NanosecondsPerSecond);
    }

    /// <summary>What all of a VM did.</summary>
    internal Usage Of(int vm) => VCpusOf(vm).Aggregate(default(Usage), (sum, vcpu) => sum.Plus(Of(vcpu)));

    /// <summary>How much of the time a CPU had something to run, in percent.</summary>
    internal double Busy(in CpuRecord cpu)
    {
        int index = cpu.Index;
        CpuRecord earlier = _before.Cpus.FirstOrDefault(other => other.Index == index);
        ulong up = Since(cpu.Status.UpTime, earlier.Status.UpTime);
        ulong idle = Since(cpu.Status.IdleTime, earlier.Status.IdleTime);
        return up == 0 ? 0 : Math.Clamp(100.0 * (1 - ((double)idle / up)), 0, 100);
    }

    /// <summary>The same for programs.</summary>
    internal TopJson ToJson() => new(
        After.Now,
        Nanoseconds / NanosecondsPerSecond,
        After.Memory.Total,
        After.Memory.Free,
        After.Cpus.Select(cpu => new TopCpuJson(cpu.Index, cpu.Status.IsOnline, Round(Busy(cpu)), cpu.Status.Ready)).ToList(),
        After.Vms.Select(ToJson).ToList());

    private static ulong Since(ulong now, ulong earlier) => now < earlier ? now : now - earlier;

    private static double Round(double value) => Math.Round(value, 2);

    private static Dictionary<string, double> Rates(Usage usage)
    {
        Dictionary<string, double> rates = [];
        for (ExitReason reason = 0; reason < ExitReason.Count; reason++)
        {
            rates[Names.Of(reason)] = Round(usage.Rate(reason));
        }

        rates["total"] = Round(usage.TotalRate);
        return rates;
    }

    private TopVmJson ToJson(VmStatus vm)
    {
        Usage all = Of(vm.Id);
        List<TopVCpuJson> vcpus = VCpusOf(vm.Id).Select(ToJson).ToList();
        return new TopVmJson(Names.Of(vm), Names.Of(vm.State), vm.Memory, Round(all.CpuPercent), Round(all.StolenPercent), Rates(all), vcpus, BalloonJson.From(vm));
    }

    private TopVCpuJson ToJson(VCpuRecord vcpu)
    {
        Usage usage = Of(vcpu);
        return new TopVCpuJson(
            vcpu.Index,
            Names.Of(vcpu.Status.State),
            vcpu.Status.Cpu < 0 ? null : vcpu.Status.Cpu,
            Round(usage.CpuPercent),
            Round(usage.StolenPercent),
            Rates(usage));
    }

    private double Percent(ulong part) => Nanoseconds == 0 ? 0 : 100.0 * part / Nanoseconds;
}

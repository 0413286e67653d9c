using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using SharpVisor.Console;
using SharpVisor.Control.Client;
using SharpVisor.Hvctl.Output;
using Spectre.Console;
using Spectre.Console.Rendering;
using Table = Spectre.Console.Table;

namespace SharpVisor.Hvctl.Watching;

/// <summary>The page of <c>top</c>, 80 columns wide: the machine, then each VM and, where wanted, its VCpus.</summary>
internal static class TopView
{
    private const int NameWidth = 18;

    private static readonly (string Heading, ExitReason[] Reasons)[] s_exits =
    [
        ("HVC/s", [ExitReason.Hypercall]),
        ("DEV/s", [ExitReason.Device]),
        ("REG/s", [ExitReason.Register]),
        ("IRQ/s", [ExitReason.Interrupt]),
        ("WFx/s", [ExitReason.Wait]),
    ];

    /// <summary>Makes the page.</summary>
    /// <param name="interval">What happened.</param>
    /// <param name="hasVCpus">Whether the VCpus are rows too.</param>
    /// <param name="rows">Most rows of VMs and VCpus; what is more is counted in a line.</param>
    /// <param name="footer">A line below; empty for none.</param>
    internal static IRenderable Render(Interval interval, bool hasVCpus, int rows, string footer)
    {
        List<IRenderable> parts = [Header(interval), Cpus(interval), new Text("")];
        List<IRenderable[]> lines = Lines(interval, hasVCpus);
        Table table = Empty();
        foreach (IRenderable[] line in lines.Take(rows))
        {
            table.AddRow(line);
        }

        parts.Add(table);
        if (lines.Count > rows)
        {
            parts.Add(new Text(string.Create(CultureInfo.InvariantCulture, $"... {lines.Count - rows} more")));
        }

        if (footer.Length != 0)
        {
            parts.Add(new Text(footer, new Style(decoration: Decoration.Dim)));
        }

        return new Rows(parts);
    }

    /// <summary>A number in at most 5 characters: 123, 45.6k, 789k, 1.2M.</summary>
    internal static string Short(double number) => number switch
    {
        < 9_999.5 => Math.Round(number).ToString("0", CultureInfo.InvariantCulture),
        < 99_950 => (number / 1e3).ToString("0.0", CultureInfo.InvariantCulture) + "k",
        < 999_500 => (number / 1e3).ToString("0", CultureInfo.InvariantCulture) + "k",
        < 99_950_000 => (number / 1e6).ToString("0.0", CultureInfo.InvariantCulture) + "M",
        < 999_500_000 => (number / 1e6).ToString("0", CultureInfo.InvariantCulture) + "M",
        _ => (number / 1e9).ToString("0.0", CultureInfo.InvariantCulture) + "G",
    };

    private static Text Header(Interval interval)
    {
        Snapshot now = interval.After;
        int running = now.Vms.Count(vm => vm.State == VmState.Running);
        return Tones.Styled(Tone.Strong, string.Create(
            CultureInfo.InvariantCulture,
            $"up {Units.Duration(now.Now)}   {now.Vms.Count} VM{(now.Vms.Count == 1 ? "" : "s")}, {running} running   memory {Units.Size(now.Memory.Free)} free of {Units.Size(now.Memory.Total)}"));
    }

    private static Text Cpus(Interval interval)
    {
        IEnumerable<string> busy = interval.After.Cpus.Where(cpu => cpu.Status.IsOnline)
            .Select(cpu => string.Create(CultureInfo.InvariantCulture, $"{cpu.Index}: {Units.Percent(interval.Busy(cpu))}%"));
        return new Text("CPUs busy   " + string.Join("   ", busy));
    }

    private static Table Empty()
    {
        Table table = new() { Border = TableBorder.None, ShowHeaders = true };
        table.AddColumn(Column("NAME").Width(NameWidth).LeftAligned());
        table.AddColumn(Column("STATE").Width(7).LeftAligned());
        table.AddColumn(Column("CPU%").Width(5));
        table.AddColumn(Column("STEAL").Width(5));
        foreach ((string heading, _) in s_exits)
        {
            table.AddColumn(Column(heading).Width(5));
        }

        table.AddColumn(Column("MEM").Width(8));
        return table;
    }

    private static TableColumn Column(string heading) => new TableColumn(new Text(heading, new Style(decoration: Decoration.Bold))).NoWrap().RightAligned().Padding(0, 0, 1, 0);

    private static List<IRenderable[]> Lines(Interval interval, bool hasVCpus)
    {
        List<IRenderable[]> lines = [];
        foreach (VmStatus vm in interval.After.Vms)
        {
            lines.Add(Line(Names.Of(vm), Tones.Styled(Tones.Of(vm.State), Names.Of(vm.State)), interval.Of(vm.Id), Units.Size(vm.Memory)));
            foreach (VCpuRecord vcpu in hasVCpus ? interval.VCpusOf(vm.Id) : [])
            {
                string place = vcpu.Status.Cpu < 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" on CPU {vcpu.Status.Cpu}");
                string name = string.Create(CultureInfo.InvariantCulture, $"  VCpu {vcpu.Index}{place}");
                lines.Add(Line(name, new Text(Names.Of(vcpu.Status.State)), interval.Of(vcpu), ""));
            }
        }

        return lines;
    }

    private static IRenderable[] Line(string name, Text state, Usage usage, string memory)
    {
        string fitting = name.Length <= NameWidth ? name : name[..(NameWidth - 1)] + "~";
        return
        [
            new Text(fitting),
            state,
            new Text(Units.Percent(usage.CpuPercent)),
            new Text(Units.Percent(usage.StolenPercent)),
            .. s_exits.Select(exits => new Text(Short(exits.Reasons.Sum(reason => usage.Rate(reason))))),
            new Text(memory),
        ];
    }
}

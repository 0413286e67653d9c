using System.Collections.Generic;
using System.Globalization;
using System.Text;
using SharpVisor.Formats;
using Tomlyn.Syntax;

namespace SharpVisor.Bundles.Definitions;

/// <summary>Makes a machine of one <c>[[vm]]</c> table.</summary>
/// <param name="table">The table.</param>
/// <param name="images">The files that can be named.</param>
/// <param name="names">Names that are taken, and where.</param>
/// <param name="canTellMissing">Whether a key that is not there is a mistake.</param>
internal sealed class VmReader(TableReader table, ImageFiles images, Dictionary<string, TextPosition> names, bool canTellMissing)
{
    private const ulong SmallestMemory = 1 << 20;
    private const ulong LargestMemory = 1ul << 39;
    private const ulong MemoryUnit = 4096;
    private const int LongestCommandLine = 2047; // COMMAND_LINE_SIZE of arm64 Linux is 2048 with the zero byte
    private const string SizeForm = "a size such as \"512M\" or \"1G\"";
    private const string DurationForm = "a duration such as \"500us\", \"2ms\" or \"1s\"";
    private const string RealTimeExample = "{ budget = \"2ms\", period = \"10ms\" }";

    /// <summary>The machine; null, with the mistakes told, where one cannot be made of the table.</summary>
    internal VmSpecification? Read()
    {
        string? name = Name();
        BundleImage? kernel = Image("kernel", Require("kernel", "\"Image\""));
        BundleImage? ramdisk = Image("ramdisk", table.Find("ramdisk"));
        TomlEntry? memoryEntry = Require("memory", "\"512M\"");
        ulong? memory = Memory("memory", memoryEntry, SmallestMemory);
        VmSpecification vm = new()
        {
            Name = name ?? "",
            Kernel = kernel!,
            Ramdisk = ramdisk,
            CommandLine = CommandLine(),
            Memory = memory ?? 0,
            MemoryGuarantee = MemoryGuarantee(memory),
            VCpus = (uint)(Integer("vcpus", 1, BundleVm.MaximumVCpus) ?? 1),
            GicVersion = (uint)(Integer("gic", 2, 3) ?? 0),
            Autostart = Boolean("autostart") ?? true,
            SharePages = Boolean("share-pages") ?? false,
            OnCrash = table.Word(table.Find("on-crash"), "on-crash", "stop", "restart", "keep") switch
            {
                "restart" => BundleCrashPolicy.Restart,
                "keep" => BundleCrashPolicy.Keep,
                _ => BundleCrashPolicy.Stop,
            },
            OnDebuggerLost = table.Word(table.Find("on-debugger-lost"), "on-debugger-lost", "resume", "pause", "stop") switch
            {
                "pause" => BundleDebuggerPolicy.Pause,
                "stop" => BundleDebuggerPolicy.Stop,
                _ => BundleDebuggerPolicy.Resume,
            },
            Scheduling = Scheduling(),
            Disks = new DiskReader(table, images, canTellMissing).Read(),
        };
        table.Finish("vm");
        if (name is null || kernel is null || memory is null)
        {
            return null;
        }

        long files = (long)kernel.Data.Length + (ramdisk?.Data.Length ?? 0);
        if (files > (long)memory)
        {
            string size = string.Create(CultureInfo.InvariantCulture, $"{(files >> 20) + 1}M");
            table.RejectValue(memoryEntry!, $"memory is smaller than the kernel and the ramdisk, which have {files} bytes", $"more than \"{size}\" is needed");
        }

        return vm;
    }

    private string? Name()
    {
        const string Form = "it takes 1 to 31 of a-z, 0-9 and -";
        TomlEntry? entry = Require("name", "\"web\"");
        string? name = table.String(entry, "name", "\"web\"");
        if (name is null)
        {
            return null;
        }

        if (!BundleVm.IsName(Encoding.UTF8.GetBytes(name)))
        {
            table.RejectValue(entry!, $"name = {TableReader.Quote(name)} cannot be a name", Form);
            return null;
        }

        if (!names.TryAdd(name, entry!.Value!.Span.Start))
        {
            string first = string.Create(CultureInfo.InvariantCulture, $"line {names[name].Line + 1}");
            table.RejectValue(entry, $"name = {TableReader.Quote(name)} is taken by the virtual machine in {first}", "each has a name of its own");
            return null;
        }

        return name;
    }

    private BundleImage? Image(string key, TomlEntry? entry)
    {
        string? path = table.String(entry, key, "\"Image\", the path of a file");
        if (path is null)
        {
            return null;
        }

        if (path.Length == 0 || path.Contains('\0', System.StringComparison.Ordinal))
        {
            table.RejectValue(entry!, $"{key} names no file", "it takes the path of a file, from this file's folder");
            return null;
        }

        BundleImage? image = images.Read(path, out string problem);
        if (image is null)
        {
            table.RejectValue(entry!, $"{key}: {TableReader.Quote(path)} {problem}", "it takes the path of a file, from this file's folder");
        }

        return image;
    }

    private string CommandLine()
    {
        TomlEntry? entry = table.Find("cmdline");
        string text = table.String(entry, "cmdline", "\"console=ttyAMA0\"") ?? "";
        foreach (char c in text)
        {
            if (char.IsControl(c))
            {
                table.RejectValue(entry!, "cmdline holds a control character", "it takes one line of text");
                return "";
            }
        }

        if (Encoding.UTF8.GetByteCount(text) > LongestCommandLine)
        {
            table.RejectValue(entry!, "cmdline is too long", string.Create(CultureInfo.InvariantCulture, $"it takes at most {LongestCommandLine} bytes"));
        }

        return text;
    }

    private ulong? Memory(string key, TomlEntry? entry, ulong lowest)
    {
        ulong? size = table.Parsed(entry, key, SizeForm, Quantity.Size);
        if (size is ulong bytes && (bytes < lowest || bytes > LargestMemory || bytes % MemoryUnit != 0))
        {
            table.RejectValue(entry!, $"{key} is out of range", $"it takes {(lowest == 0 ? "0" : "\"1M\"")} to \"512G\", in steps of \"4K\"");
            return null;
        }

        return size;
    }

    private ulong? MemoryGuarantee(ulong? memory)
    {
        TomlEntry? entry = table.Find("memory-guarantee");
        ulong? guarantee = Memory("memory-guarantee", entry, 0);
        if (guarantee > memory)
        {
            table.RejectValue(entry!, "memory-guarantee is more than memory", "it takes at most what memory says");
        }

        return guarantee;
    }

    private BundleScheduling Scheduling()
    {
        BundleScheduling scheduling = new();
        scheduling.Weight = (uint)(Integer("weight", 1, BundleScheduling.MaximumWeight) ?? scheduling.Weight);
        scheduling.Cap = Cap(out bool hasCap);
        scheduling.Burst = Burst(hasCap);
        foreach (long cpu in table.Integers(table.Find("cpus"), "cpus", 0, BundleScheduling.MaximumCpus - 1) ?? [])
        {
            scheduling.Cpus |= 1ul << (int)cpu;
        }

        RealTime(ref scheduling);
        return scheduling;
    }

    private uint Cap(out bool isGiven)
    {
        TomlEntry? entry = table.Find("cap");
        isGiven = entry is not null;
        uint? cap = table.Parsed(entry, "cap", "a part of one CPU such as \"25%\" or \"150%\"", Quantity.Permille);
        if (cap is 0 or > BundleScheduling.MaximumCap)
        {
            table.RejectValue(entry!, "cap is out of range", "it takes \"0.1%\" to \"6400%\"");
        }

        return cap ?? 0;
    }

    private ulong Burst(bool hasCap)
    {
        TomlEntry? entry = table.Find("burst");
        ulong? burst = table.Parsed(entry, "burst", DurationForm, Quantity.Duration);
        if (burst is 0 or > BundleScheduling.MaximumBurst)
        {
            table.RejectValue(entry!, "burst is out of range", "it takes \"1us\" to \"3600s\" of CPU time");
        }
        else if (entry is not null && !hasCap)
        {
            table.RejectKey(entry, "burst means nothing without a cap", "add for instance cap = \"25%\", or leave burst out");
        }

        return burst ?? 0;
    }

    private void RealTime(ref BundleScheduling scheduling)
    {
        TableReader? inner = table.Table(table.Find("realtime"), "realtime", RealTimeExample);
        if (inner is null)
        {
            return;
        }

        TomlEntry? budgetEntry = Require("budget", "\"2ms\"", inner);
        TomlEntry? periodEntry = Require("period", "\"10ms\"", inner);
        ulong? budget = inner.Parsed(budgetEntry, "budget", DurationForm, Quantity.Duration);
        ulong? period = inner.Parsed(periodEntry, "period", DurationForm, Quantity.Duration);
        inner.Finish("realtime");
        if (period is 0 or > BundleScheduling.MaximumPeriod)
        {
            inner.RejectValue(periodEntry!, "period is out of range", "it takes at most \"10s\"");
        }
        else if (budget < BundleScheduling.MinimumBudget || budget > period)
        {
            inner.RejectValue(budgetEntry!, "budget is out of range", "it takes at least \"50us\" and at most what period says");
        }
        else if (budget is not null && period is not null)
        {
            scheduling.Budget = (uint)budget;
            scheduling.Period = (uint)period;
        }
    }

    private TomlEntry? Require(string key, string example) => Require(key, example, table);

    private TomlEntry? Require(string key, string example, TableReader from) =>
        canTellMissing ? from.Require(key, example) : from.Find(key);

    private long? Integer(string key, long lowest, long highest) => table.Integer(table.Find(key), key, lowest, highest);

    private bool? Boolean(string key) => table.Boolean(table.Find(key), key);
}

using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using System.Linq;
using System.Threading.Tasks;
using SharpVisor.Console;
using SharpVisor.Control.Client;
using SharpVisor.Hvctl.Json;
using SharpVisor.Hvctl.Output;
using Command = System.CommandLine.Command;

namespace SharpVisor.Hvctl.Commands;

/// <summary>The verbs <c>list</c> and <c>info</c>.</summary>
internal static class ListCommands
{
    // With numbers of ten digits they fit into 80 columns.
    private const int ReasonsPerLine = 3;

    internal static Command List(Host host)
    {
        Command command = Verb.Create(host, "list", "All virtual machines and their states", ListAsync);
        command.Aliases.Add("ls");
        return command;
    }

    internal static Command Info(Host host)
    {
        Argument<string> vm = VmNames.One(host);
        Command command = Verb.Create(host, "info", "One virtual machine: memory, share, VCpus, exits", invocation => InfoAsync(invocation, invocation.Words.GetValue(vm)!));
        command.Arguments.Add(vm);
        return command;
    }

    private static async Task<int> ListAsync(Invocation invocation)
    {
        MachineClient machine = await invocation.MachineAsync();
        List<VmStatus> vms = await machine.ListVmsAsync(invocation.Cancellation);
        if (invocation.IsJson)
        {
            invocation.Write(vms.Select(vm => VmJson.From(vm)).ToList(), HvctlJson.Page.IReadOnlyListVmJson);
            return ExitCode.Ok;
        }

        if (vms.Count == 0)
        {
            invocation.Say("no virtual machine is defined; 'hvctl create BUNDLE.itb' brings some");
            return ExitCode.Ok;
        }

        Table table = new Table().Words("NAME").Words("STATE").Numbers("VCPUS").Numbers("MEMORY").Numbers("UP").Numbers("RESTARTS");
        foreach (VmStatus vm in vms)
        {
            table.Row(
                (Names.Of(vm), Tone.Plain),
                (vm.RestartIn == 0 ? Names.Of(vm.State) : "restarting", Tones.Of(vm.State)),
                (vm.VCpus.ToString(CultureInfo.InvariantCulture), Tone.Plain),
                (Units.Size(vm.State == VmState.Defined ? vm.MemoryMaximum : vm.Memory), Tone.Plain),
                (vm.UpTime == 0 ? "-" : Units.Duration(vm.UpTime), Tone.Plain),
                (vm.Restarts.ToString(CultureInfo.InvariantCulture), Tone.Plain));
        }

        invocation.Say(table);
        return ExitCode.Ok;
    }

    private static async Task<int> InfoAsync(Invocation invocation, string name)
    {
        VmStatus vm = await VmNames.FindAsync(invocation, name);
        MachineClient machine = await invocation.MachineAsync();
        List<VCpuRecord> vcpus = vm.State == VmState.Defined ? [] : await machine.ListVCpusAsync(vm.Id, invocation.Cancellation);
        List<VmDiskStatus> disks = vm.State == VmState.Defined || !machine.Has(ControlOperation.ListDisks) ? [] : await machine.ListDisksAsync(vm.Id, invocation.Cancellation);
        if (invocation.IsJson)
        {
            VmDetailJson detail = new(
                VmJson.From(vm), vcpus.Select(vcpu => VCpuJson.From(vcpu)).ToList(), disks.Select(disk => DiskJson.From(disk)).ToList());
            invocation.Write(detail, HvctlJson.Page.VmDetailJson);
            return ExitCode.Ok;
        }

        string up = vm.UpTime == 0 ? "" : ", up " + Units.Duration(vm.UpTime);
        string again = vm.RestartIn == 0 ? "" : $", starts again in {Units.Seconds(vm.RestartIn)}";
        string restarts = vm.Restarts == 0 ? "" : $", restarted {vm.Restarts} time{(vm.Restarts == 1 ? "" : "s")}";
        invocation.Say($"{name} is {Tones.Apply(Tones.Of(vm.State), Names.Of(vm.State), invocation.Host.HasColour)}{up}{again}{restarts}");
        string guarantee = vm.MemoryGuarantee == 0 ? "" : $", {Units.Size(vm.MemoryGuarantee)} guaranteed";
        invocation.Say($"  memory   {Units.Size(vm.Memory)} of {Units.Size(vm.MemoryMaximum)}{guarantee}; hypervisor {Units.Size(vm.MemoryOverhead)}");
        if (vm.MemoryShared != 0)
        {
            invocation.Say($"  shared   {Units.Size(vm.MemoryShared)} in pages of the same contents as others");
        }

        if (vm.HasBalloonDriver || vm.BalloonTarget != 0)
        {
            string left = vm.GuestMemory == 0 ? "" : $"; its guest has {Units.Size(vm.GuestAvailable)} of {Units.Size(vm.GuestMemory)} left";
            invocation.Say($"  balloon  {Units.Size(vm.Balloon)} of {Units.Size(vm.BalloonTarget)}{left}");
        }

        invocation.Say($"  share    weight {vm.Weight}, {(vm.Cap == 0 ? "no cap" : $"at most {vm.Cap}% of a CPU")}");
        invocation.Say($"  GIC      version {vm.GicVersion}");
        for (int i = 0; i < disks.Count; i++)
        {
            SayDisk(invocation, i, disks[i]);
        }

        if (vcpus.Count != 0)
        {
            SayVCpus(invocation, vcpus);
        }

        return ExitCode.Ok;
    }

    private static void SayDisk(Invocation invocation, int index, in VmDiskStatus disk)
    {
        string serial = disk.Serial.Length == 0 ? "" : Names.Of(disk.Serial) + ", ";
        string errors = disk.Errors == 0 ? "" : $", {disk.Errors} error{(disk.Errors == 1 ? "" : "s")}";
        string overlay = disk.OverlaySize == 0 ? "" : $"; overlay {Units.Size(disk.OverlayUsed)} of {Units.Size(disk.OverlaySize)}";
        invocation.Say($"  disk     {index}: {Units.Size(disk.Size)}, {(disk.IsReadOnly ? "read-only, " : "")}{serial}{Units.Size(disk.ReadBytes)} read, {Units.Size(disk.WrittenBytes)} written{errors}{overlay}");
    }

    private static void SayVCpus(Invocation invocation, List<VCpuRecord> vcpus)
    {
        Table table = new Table().Numbers("VCPU").Words("STATE").Numbers("CPU").Numbers("RAN").Numbers("WAITED").Numbers("EXITS");
        ExitCounts all = default;
        foreach (VCpuRecord vcpu in vcpus)
        {
            ExitCounts exits = vcpu.Status.Exits;
            table.Row(
                vcpu.Index.ToString(CultureInfo.InvariantCulture),
                Names.Of(vcpu.Status.State),
                vcpu.Status.Cpu < 0 ? "-" : vcpu.Status.Cpu.ToString(CultureInfo.InvariantCulture),
                Units.Seconds(vcpu.Status.RunTime),
                Units.Seconds(vcpu.Status.StolenTime),
                Units.Count(exits.Total));
            all.Add(exits);
        }

        invocation.Say(table);
        if (all.Total != 0)
        {
            IEnumerable<string> reasons = Enumerable.Range(0, (int)ExitReason.Count).Select(reason => $"{Names.Of((ExitReason)reason)} {Units.Count(all[(ExitReason)reason])}");
            string heading = "exits: ";
            foreach (string[] line in reasons.Chunk(ReasonsPerLine))
            {
                invocation.Say(heading + string.Join(", ", line));
                heading = new string(' ', heading.Length);
            }
        }
    }
}

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

/// <summary>The verbs that show the machine: <c>machine</c>, <c>cpu</c>, <c>mem</c>, <c>irq</c>.</summary>
internal static class ReportCommands
{
    internal static Command Machine(Host host) => Verb.Create(host, "machine", "The machine in a few numbers", MachineAsync);

    internal static Command Cpu(Host host) => Verb.Create(host, "cpu", "The machine's CPUs and what they run", CpuAsync);

    internal static Command Memory(Host host) => Verb.Create(host, "mem", "Who has the machine's memory", MemoryAsync);

    internal static Command Interrupts(Host host) => Verb.Create(host, "irq", "Physical interrupts in use", InterruptsAsync);

    private static async Task<int> MachineAsync(Invocation invocation)
    {
        MachineClient machine = await invocation.MachineAsync();
        MachineAnswer answer = await machine.GetMachineAsync(invocation.Cancellation);
        Greeting greeting = machine.Greeting;
        if (invocation.IsJson)
        {
            invocation.Write(
                new MachineJson(greeting.Name, greeting.ProtocolVersion, answer.Now, answer.Vms, answer.Cpus, answer.FramesTaken, answer.FramesDropped, invocation.Address),
                HvctlJson.Page.MachineJson);
            return ExitCode.Ok;
        }

        invocation.Say($"{greeting.Name}, up {Units.Duration(answer.Now)}");
        invocation.Say($"  {answer.Cpus} CPU{(answer.Cpus == 1 ? "" : "s")}, {answer.Vms} virtual machine{(answer.Vms == 1 ? "" : "s")}");
        invocation.Say($"  control channel {ControlAddress.Shorten(invocation.Address)}, protocol {greeting.ProtocolVersion}: {Units.Count(answer.FramesTaken)} frames, {Units.Count(answer.FramesDropped)} damaged");
        return ExitCode.Ok;
    }

    private static async Task<int> CpuAsync(Invocation invocation)
    {
        MachineClient machine = await invocation.MachineAsync();
        List<CpuRecord> cpus = await machine.ListCpusAsync(invocation.Cancellation);
        Dictionary<int, string> names = await NamesAsync(invocation);
        if (invocation.IsJson)
        {
            invocation.Write(
                cpus.Select(cpu => new CpuJson(
                    cpu.Index,
                    cpu.Status.IsOnline,
                    Units.Hexadecimal(cpu.Status.Affinity),
                    cpu.Status.UpTime,
                    cpu.Status.IdleTime,
                    names.GetValueOrDefault(cpu.Status.Vm),
                    cpu.Status.Vm == 0 ? null : cpu.Status.VCpu,
                    cpu.Status.Ready)).ToList(),
                HvctlJson.Page.IReadOnlyListCpuJson);
            return ExitCode.Ok;
        }

        Table table = new Table().Numbers("CPU").Words("STATE").Numbers("IDLE").Numbers("UP").Numbers("READY").Words("RUNS");
        foreach (CpuRecord cpu in cpus)
        {
            CpuStatus status = cpu.Status;
            string runs = status.Vm == 0 ? "-" : string.Create(CultureInfo.InvariantCulture, $"{names.GetValueOrDefault(status.Vm, "?")} VCpu {status.VCpu}");
            table.Row(
                (cpu.Index.ToString(CultureInfo.InvariantCulture), Tone.Plain),
                (!status.IsOnline ? "off" : status.Vm == 0 ? "idle" : "busy", status.IsOnline ? Tone.Plain : Tone.Odd),
                (status.UpTime == 0 ? "-" : Units.Percent(100.0 * status.IdleTime / status.UpTime) + "%", Tone.Plain),
                (Units.Duration(status.UpTime), Tone.Plain),
                (status.Ready.ToString(CultureInfo.InvariantCulture), Tone.Plain),
                (runs, Tone.Plain));
        }

        invocation.Say(table);
        return ExitCode.Ok;
    }

    private static async Task<int> MemoryAsync(Invocation invocation)
    {
        MachineClient machine = await invocation.MachineAsync();
        MemoryStatus memory = await machine.GetMemoryAsync(invocation.Cancellation);
        List<VmStatus> vms = await machine.ListVmsAsync(invocation.Cancellation);
        if (invocation.IsJson)
        {
            List<VmMemoryJson> owners = vms.Select(vm => new VmMemoryJson(
                Names.Of(vm), Names.Of(vm.State), vm.Memory, vm.MemoryMaximum, vm.MemoryGuarantee, vm.MemoryOverhead, vm.MemoryShared, BalloonJson.From(vm))).ToList();
            invocation.Write(
                new MemoryJson(memory.Total, memory.Free, memory.LargestFree, memory.Hypervisor, memory.Shared, owners, memory.Kept),
                HvctlJson.Page.MemoryJson);
            return ExitCode.Ok;
        }

        Table table = new Table().Words("OWNER").Numbers("HAS").Numbers("AT MOST").Numbers("GUARANTEED").Numbers("OVERHEAD");
        foreach (VmStatus vm in vms)
        {
            string guarantee = vm.MemoryGuarantee == 0 ? "-" : Units.Size(vm.MemoryGuarantee);
            table.Row(Names.Of(vm), Units.Size(vm.Memory), Units.Size(vm.MemoryMaximum), guarantee, Units.Size(vm.MemoryOverhead));
        }

        table.Row("(hypervisor)", Units.Size(memory.Hypervisor), "", "", "");
        table.Row("(shared pages)", Units.Size(memory.Shared), "", "", "");
        table.Row("(free)", Units.Size(memory.Free), "", "", "");
        table.Row("(all)", Units.Size(memory.Total), "", "", "");
        invocation.Say(table);
        invocation.Say($"of the free: {Units.Size(memory.LargestFree)} in one piece, {Units.Size(memory.Kept)} kept for guarantees");
        return ExitCode.Ok;
    }

    private static async Task<int> InterruptsAsync(Invocation invocation)
    {
        MachineClient machine = await invocation.MachineAsync();
        List<InterruptStatus> interrupts = await machine.ListInterruptsAsync(invocation.Cancellation);
        Dictionary<int, string> names = await NamesAsync(invocation);
        if (invocation.IsJson)
        {
            invocation.Write(
                interrupts.Select(interrupt => new InterruptJson(
                    interrupt.Number, Names.Of(interrupt.User), interrupt.Count, names.GetValueOrDefault(interrupt.Vm))).ToList(),
                HvctlJson.Page.IReadOnlyListInterruptJson);
            return ExitCode.Ok;
        }

        Table table = new Table().Numbers("INTID").Words("FOR").Words("OF").Numbers("COUNT");
        foreach (InterruptStatus interrupt in interrupts)
        {
            table.Row(
                interrupt.Number.ToString(CultureInfo.InvariantCulture),
                Names.Of(interrupt.User),
                interrupt.Vm == 0 ? "hypervisor" : names.GetValueOrDefault(interrupt.Vm, "?"),
                Units.Count(interrupt.Count));
        }

        invocation.Say(table);
        return ExitCode.Ok;
    }

    private static async Task<Dictionary<int, string>> NamesAsync(Invocation invocation)
    {
        MachineClient machine = await invocation.MachineAsync();
        List<VmStatus> vms = await machine.ListVmsAsync(invocation.Cancellation);
        return vms.ToDictionary(vm => vm.Id, vm => Names.Of(vm));
    }
}

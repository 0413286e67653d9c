using System;
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

/// <summary>The verb <c>regs</c>.</summary>
internal static class RegistersCommand
{
    private const int Columns = 3;

    internal static Command Create(Host host)
    {
        Argument<string> vm = VmNames.One(host);
        Argument<int?> vcpu = new("VCPU") { Description = "Which of its VCpus; all where it is left out", Arity = ArgumentArity.ZeroOrOne };
        Command command = Verb.Create(host, "regs", "Registers of a virtual machine that stands still", invocation => ExecuteAsync(
            invocation, invocation.Words.GetValue(vm)!, invocation.Words.GetValue(vcpu)));
        command.Arguments.Add(vm);
        command.Arguments.Add(vcpu);
        return command;
    }

    private static async Task<int> ExecuteAsync(Invocation invocation, string name, int? only)
    {
        VmStatus vm = await VmNames.FindAsync(invocation, name);
        MachineClient machine = await invocation.MachineAsync();
        List<RegistersJson> all = [];
        foreach (int index in only is int one ? [one] : Enumerable.Range(0, vm.VCpus))
        {
            try
            {
                all.Add(new RegistersJson(name, index, Name(await machine.ReadRegistersAsync(vm.Id, index, invocation.Cancellation))));
            }
            catch (ControlException exception) when (exception.Error == ControlError.Refused)
            {
                Failure failure = Failure.From(exception, $"cannot read the registers of {name} VCpu {index}");
                string advice = exception.Answer?.Outcome == (byte)ControlOutcome.WrongState && exception.Answer.State == VmState.Running ? $"; 'hvctl pause {name}' makes it stand still" : "";
                throw new Failure(failure.ExitCode, failure.Code, failure.Message + advice);
            }
        }

        if (invocation.IsJson)
        {
            invocation.Write(all, HvctlJson.Page.IReadOnlyListRegistersJson);
            return ExitCode.Ok;
        }

        foreach (RegistersJson vcpu in all)
        {
            invocation.Say($"{name} VCpu {vcpu.Vcpu}");
            foreach (KeyValuePair<string, string>[] line in vcpu.Registers.Chunk(Columns))
            {
                invocation.Say(string.Join(' ', line.Select(register => $"{register.Key,9} {register.Value[2..]}")));
            }
        }

        return ExitCode.Ok;
    }

    private static Dictionary<string, string> Name(in VCpuRegisters registers)
    {
        Dictionary<string, string> named = [];
        for (int i = 0; i < VCpuRegisters.GeneralCount; i++)
        {
            named["x" + i.ToString(CultureInfo.InvariantCulture)] = Units.Hexadecimal(registers[i]);
        }

        foreach ((string name, ulong value) in (ReadOnlySpan<(string, ulong)>)
        [
            ("pc", registers.Pc), ("pstate", registers.Pstate), ("sp_el0", registers.SpEl0), ("sp_el1", registers.SpEl1),
            ("elr_el1", registers.ElrEl1), ("spsr_el1", registers.SpsrEl1), ("esr_el1", registers.EsrEl1), ("far_el1", registers.FarEl1),
            ("sctlr_el1", registers.SctlrEl1), ("tcr_el1", registers.TcrEl1), ("ttbr0_el1", registers.Ttbr0El1), ("ttbr1_el1", registers.Ttbr1El1),
            ("vbar_el1", registers.VbarEl1),
        ])
        {
            named[name] = Units.Hexadecimal(value);
        }

        return named;
    }
}

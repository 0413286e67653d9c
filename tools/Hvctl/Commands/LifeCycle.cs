using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Diagnostics;
using System.Linq;
using System.Threading.Tasks;
using SharpVisor.Console;
using SharpVisor.Control.Client;
using SharpVisor.Hvctl.Json;
using Command = System.CommandLine.Command;

namespace SharpVisor.Hvctl.Commands;

/// <summary>The verbs that act on one or several VMs. What the machine only begins is waited for, so that the next command finds it done.</summary>
internal static class LifeCycle
{
    private const double UsualShutdown = 60;

    private static readonly TimeSpan s_longestPause = TimeSpan.FromMilliseconds(200);

    /// <summary>A verb.</summary>
    internal static Command Create(Host host, LifeCycleAction action)
    {
        Argument<string[]> names = VmNames.Several(host);
        Option<bool> all = new("--all", "-a") { Description = "All that are in a fitting state" };
        Option<double?> wait = new("--wait") { Description = $"Wait until they have shut down (at most {UsualShutdown:0} s)", HelpName = "SECONDS", Arity = ArgumentArity.ZeroOrOne };
        NumberRange.Require(wait, 0, 1e6);
        bool isShutdown = action == LifeCycleAction.Shutdown;
        Command command = Verb.Create(host, action.Name, action.Meaning, invocation => ExecuteAsync(
            invocation, action, invocation.Words.GetValue(names)!, invocation.Words.GetValue(all), isShutdown && invocation.Words.GetResult(wait) is not null ? invocation.Words.GetValue(wait) ?? UsualShutdown : null));
        command.Arguments.Add(names);
        command.Options.Add(all);
        if (isShutdown)
        {
            command.Options.Add(wait);
        }

        command.Validators.Add(result =>
        {
            if (result.GetValue(all) == (result.GetValue(names) is { Length: > 0 }))
            {
                result.AddError(result.GetValue(all) ? $"{action.Name} takes names or --all, not both." : $"{action.Name} needs the name of a virtual machine, or --all.");
            }
        });
        return command;
    }

    /// <summary>Does it to each; answers the exit code.</summary>
    internal static int Report(Invocation invocation, IReadOnlyList<ActionJson> results)
    {
        if (invocation.IsJson)
        {
            invocation.Write(results, HvctlJson.Page.IReadOnlyListActionJson);
        }

        return results.All(result => result.Ok) ? ExitCode.Ok : results.First(result => !result.Ok).Error!.ExitCode;
    }

    /// <summary>Does it to one VM, waits for it to be done, and says so.</summary>
    internal static async Task<ActionJson> ActAsync(Invocation invocation, LifeCycleAction action, VmStatus vm)
    {
        MachineClient machine = await invocation.MachineAsync();
        string name = Names.Of(vm);
        try
        {
            await machine.ActAsync(action.Operation, vm.Id, invocation.Cancellation);
        }
        catch (ControlException exception) when (exception.Error == ControlError.Refused)
        {
            Failure refused = Failure.From(exception, $"cannot {action.Name} {name}");
            Failure advised = new(refused.ExitCode, refused.Code, refused.Message + Outcomes.Advise(action.Operation, name, exception.Answer));
            return Failed(invocation, action, vm, Names.Of(exception.Answer!.Outcome == (byte)ControlOutcome.WrongState ? exception.Answer.State : vm.State), advised);
        }

        VmState? state = await WaitAsync(invocation, vm.Id, action.IsUnderWay, invocation.Limit);
        if (state is VmState now && action.IsUnderWay(now))
        {
            Failure late = new(ExitCode.TimedOut, "timedOut", $"{name} is still {Names.Of(now)} after {invocation.Limit.TotalSeconds:0.#} s");
            return Failed(invocation, action, vm, Names.Of(now), late);
        }

        invocation.Say($"{name}: {action.Done}");
        return new ActionJson(action.Name, name, vm.Id, true, state is VmState settled ? Names.Of(settled) : null, null);
    }

    private static async Task<int> ExecuteAsync(Invocation invocation, LifeCycleAction action, string[] names, bool isAll, double? shutdown)
    {
        MachineClient machine = await invocation.MachineAsync();
        List<VmStatus> vms = await machine.ListVmsAsync(invocation.Cancellation);
        IReadOnlyList<VmStatus> chosen = isAll ? vms.Where(vm => action.Fits(vm.State)).ToList() : VmNames.Find(vms, names);
        if (chosen.Count == 0)
        {
            invocation.Say($"there is nothing to {action.Name}");
        }

        List<ActionJson> results = [];
        foreach (VmStatus vm in chosen)
        {
            results.Add(await ActAsync(invocation, action, vm));
        }

        return Report(invocation, shutdown is double seconds ? await WaitForEndsAsync(invocation, results, TimeSpan.FromSeconds(seconds)) : results);
    }

    /// <summary>Waits until guests that were asked to shut down have done so.</summary>
    private static async Task<List<ActionJson>> WaitForEndsAsync(Invocation invocation, List<ActionJson> results, TimeSpan limit)
    {
        Stopwatch watch = Stopwatch.StartNew();
        List<ActionJson> ended = [];
        foreach (ActionJson result in results)
        {
            ActionJson end = result;
            if (result.Ok)
            {
                TimeSpan left = limit - watch.Elapsed;
                VmState? state = await WaitAsync(invocation, result.Id, HasNotEnded, left > TimeSpan.Zero ? left : TimeSpan.Zero);
                string? word = state is VmState now ? Names.Of(now) : null;
                if (state is VmState late && HasNotEnded(late))
                {
                    Failure failure = new(ExitCode.TimedOut, "timedOut", $"{result.Name} has not shut down within {limit.TotalSeconds:0.#} s; 'hvctl stop {result.Name}' pulls the plug");
                    invocation.Note(failure.Message);
                    end = result with { Ok = false, State = word, Error = ErrorJson.From(failure) };
                }
                else
                {
                    invocation.Say($"{result.Name}: {word ?? "gone"}");
                    end = result with { State = word };
                }
            }

            ended.Add(end);
        }

        return ended;

        static bool HasNotEnded(VmState state) => state is VmState.Running or VmState.Paused;
    }

    /// <summary>Waits for a VM to leave some states.</summary>
    /// <returns>The state that it is in; null where it is gone.</returns>
    private static async Task<VmState?> WaitAsync(Invocation invocation, int vm, Func<VmState, bool> isUnderWay, TimeSpan limit)
    {
        MachineClient machine = await invocation.MachineAsync();
        Stopwatch watch = Stopwatch.StartNew();
        TimeSpan pause = TimeSpan.FromMilliseconds(5);
        while (true)
        {
            VmState state;
            try
            {
                state = (await machine.GetVmAsync(vm, invocation.Cancellation)).State;
            }
            catch (ControlException exception) when (exception.Answer?.Outcome == (byte)ControlOutcome.NoSuchVm)
            {
                return null;
            }

            if (!isUnderWay(state) || watch.Elapsed >= limit)
            {
                return state;
            }

            await Task.Delay(pause, invocation.Cancellation);
            pause = pause * 2 < s_longestPause ? pause * 2 : s_longestPause;
        }
    }

    private static ActionJson Failed(Invocation invocation, LifeCycleAction action, in VmStatus vm, string state, Failure failure)
    {
        invocation.Note(failure.Message);
        return new ActionJson(action.Name, Names.Of(vm), vm.Id, false, state, ErrorJson.From(failure));
    }
}

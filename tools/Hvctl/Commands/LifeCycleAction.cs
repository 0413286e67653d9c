using System;
using SharpVisor.Console;

namespace SharpVisor.Hvctl.Commands;

/// <summary>A verb that acts on VMs.</summary>
/// <param name="Name">As it is typed.</param>
/// <param name="Done">What a VM is afterwards, in a word.</param>
/// <param name="Meaning">For the help page.</param>
/// <param name="Operation">What the machine is asked for.</param>
/// <param name="Fits">States in which <c>--all</c> takes a VM.</param>
/// <param name="IsUnderWay">States in which it is not done yet: they are waited over.</param>
internal sealed record LifeCycleAction(
    string Name, string Done, string Meaning, ControlOperation Operation, Func<VmState, bool> Fits, Func<VmState, bool> IsUnderWay)
{
    internal static readonly LifeCycleAction Create = new(
        "create", "created", "", ControlOperation.Create, state => state is VmState.Defined, state => state is VmState.Defined);

    internal static readonly LifeCycleAction Start = new(
        "start", "started", "Start virtual machines",
        ControlOperation.Start, state => state is not (VmState.Running or VmState.Paused), state => state is VmState.Defined or VmState.Created);

    internal static readonly LifeCycleAction Pause = new(
        "pause", "paused", "Take them off the CPUs; they keep everything",
        ControlOperation.Pause, state => state is VmState.Running, state => state is VmState.Running);

    internal static readonly LifeCycleAction Resume = new(
        "resume", "resumed", "Let paused ones go on",
        ControlOperation.Resume, state => state is VmState.Paused, state => state is VmState.Paused);

    internal static readonly LifeCycleAction Reset = new(
        "reset", "reset", "Start them anew, whatever their guests do",
        ControlOperation.Reset, state => state is VmState.Running or VmState.Paused, state => state is VmState.Paused);

    internal static readonly LifeCycleAction Shutdown = new(
        "shutdown", "asked to shut down", "Ask their guests to power off",
        ControlOperation.Shutdown, state => state is VmState.Running, _ => false);

    internal static readonly LifeCycleAction Stop = new(
        "stop", "stopped", "Pull the plug",
        ControlOperation.Stop, state => state is VmState.Running or VmState.Paused, state => state is VmState.Running or VmState.Paused);

    internal static readonly LifeCycleAction Destroy = new(
        "destroy", "destroyed", "Stop them and give back all that they have",
        ControlOperation.Destroy, state => state is not VmState.Defined, state => state is not VmState.Defined);
}

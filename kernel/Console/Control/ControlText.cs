using System;

namespace SharpVisor.Console;

/// <summary>States and outcomes in words. One word each for what is a column of a table.</summary>
internal static class ControlText
{
    /// <summary>A state in one word.</summary>
    internal static ReadOnlySpan<byte> Describe(VmState state) => state switch
    {
        VmState.Defined => "defined"u8,
        VmState.Created => "created"u8,
        VmState.Running => "running"u8,
        VmState.Paused => "paused"u8,
        VmState.Stopped => "stopped"u8,
        VmState.Crashed => "crashed"u8,
        _ => "unknown"u8,
    };

    /// <summary>A VCpu's state in one word.</summary>
    internal static ReadOnlySpan<byte> Describe(VCpuState state) => state switch
    {
        VCpuState.Off => "off"u8,
        VCpuState.Running => "running"u8,
        VCpuState.Ready => "ready"u8,
        VCpuState.Waiting => "waiting"u8,
        VCpuState.Paused => "paused"u8,
        _ => "unknown"u8,
    };

    /// <summary>An exit's reason in one word.</summary>
    internal static ReadOnlySpan<byte> Describe(ExitReason reason) => reason switch
    {
        ExitReason.Hypercall => "hypercall"u8,
        ExitReason.Device => "device"u8,
        ExitReason.Register => "register"u8,
        ExitReason.Interrupt => "interrupt"u8,
        ExitReason.Wait => "wait"u8,
        ExitReason.Memory => "memory"u8,
        _ => "other"u8,
    };

    /// <summary>Whom an interrupt serves.</summary>
    internal static ReadOnlySpan<byte> Describe(InterruptUser user) => user switch
    {
        InterruptUser.Kick => "CPU to CPU"u8,
        InterruptUser.Maintenance => "virtual interrupt controller"u8,
        InterruptUser.HypervisorTimer => "hypervisor's timer"u8,
        InterruptUser.VirtualTimer => "guests' timer"u8,
        InterruptUser.SerialLine => "serial line"u8,
        InterruptUser.Device => "device"u8,
        _ => "unknown"u8,
    };

    /// <summary>A log level as it is typed.</summary>
    internal static ReadOnlySpan<byte> Describe(LogLevel level) => level switch
    {
        LogLevel.Error => "error"u8,
        LogLevel.Warning => "warning"u8,
        LogLevel.Info => "info"u8,
        LogLevel.Debug => "debug"u8,
        _ => default,
    };

    /// <summary>Why a request was not done; the end of a sentence. The state of a WrongState is for the caller to add.</summary>
    internal static ReadOnlySpan<byte> Describe(ControlOutcome outcome) => outcome switch
    {
        ControlOutcome.Ok => "done"u8,
        ControlOutcome.NoSuchVm => "there is no such VM"u8,
        ControlOutcome.WrongState => "it is in the wrong state"u8,
        ControlOutcome.NoMemory => "not enough memory is free"u8,
        ControlOutcome.NoCpu => "no CPU has room for its VCpus"u8,
        ControlOutcome.NoRoom => "there are as many as there is room for"u8,
        ControlOutcome.BadImage => "its kernel or another image cannot be loaded"u8,
        ControlOutcome.GuestCannot => "the guest takes no such request"u8,
        ControlOutcome.NoSuchVCpu => "there is no such VCpu"u8,
        ControlOutcome.NotSupported => "this version cannot do that yet"u8,
        ControlOutcome.Busy => "another request for it is under way"u8,
        ControlOutcome.BadRequest => "the request has the wrong form"u8,
        ControlOutcome.UnknownOperation => "this version knows no such request"u8,
        ControlOutcome.UnknownVersion => "this version of the protocol is not spoken"u8,
        ControlOutcome.BadBundle => "the boot bundle is refused"u8,
        ControlOutcome.NoSuchUpload => "there is no such upload"u8,
        ControlOutcome.NoConsole => "it has no memory and so no console"u8,
        ControlOutcome.Debugged => "a debugger has it"u8,
        ControlOutcome.NoDebugger => "it is not being debugged from here"u8,
        _ => "the reason is not known"u8,
    };
}

namespace SharpVisor.Console;

/// <summary>The shell's commands, in the order in which help lists them.</summary>
internal enum Command
{
    Help,
    Vm,
    Attach,
    Top,
    Cpu,
    Mem,
    Irq,
    Log,
    Trace,
    Regs,
    Bench,
    Merged,
    Scroll,
    History,
    Color,
    PowerOff,

    /// <summary>How many commands there are; also: none of them.</summary>
    Count,
}

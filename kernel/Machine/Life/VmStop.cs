namespace SharpVisor.Machine.Life;

/// <summary>Why a VM is being stopped.</summary>
public enum VmStop
{
    /// <summary>It is not.</summary>
    None,

    /// <summary>The guest asked for power-off (PSCI SYSTEM_OFF).</summary>
    PowerOff,

    /// <summary>A reset (PSCI SYSTEM_RESET, or the console's command): it starts again.</summary>
    Reset,

    /// <summary>The guest did something that it cannot go on from.</summary>
    Crash,

    /// <summary>The console pulled the plug.</summary>
    Killed,

    /// <summary>The console wants it to stand still, and to go on later.</summary>
    Pause,

    /// <summary>Its debugger wants it to stand still.</summary>
    Break,
}

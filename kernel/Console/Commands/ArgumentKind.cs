namespace SharpVisor.Console;

/// <summary>What a word of a command line can be, for completion.</summary>
internal enum ArgumentKind
{
    /// <summary>Nothing that could be completed.</summary>
    None,

    /// <summary>A command.</summary>
    Command,

    /// <summary>What is done to a VM.</summary>
    VmAction,

    /// <summary>The name of a VM.</summary>
    VmName,

    /// <summary>On or off.</summary>
    Switch,

    /// <summary>A level of the log.</summary>
    LogLevel,
}

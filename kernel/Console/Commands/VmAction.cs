namespace SharpVisor.Console;

/// <summary>The second word of the command <c>vm</c>.</summary>
internal enum VmAction
{
    List,
    Info,
    Create,
    Start,
    Pause,
    Resume,
    Reset,
    Shutdown,
    Stop,
    Destroy,
    Memory,

    /// <summary>How many actions there are; also: none of them.</summary>
    Count,
}

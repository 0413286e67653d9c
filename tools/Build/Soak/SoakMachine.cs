namespace SharpVisor.Build.Soak;

/// <summary>A virtual machine of the soak test, and what is known of it.</summary>
/// <param name="name">Its name.</param>
/// <param name="changesByItself">Whether it ends, crashes or begins anew without being told.</param>
/// <param name="echoes">Whether it echoes what is typed.</param>
internal sealed class SoakMachine(string name, bool changesByItself, bool echoes)
{
    internal string Name { get; } = name;

    internal bool ChangesByItself { get; } = changesByItself;

    internal bool Echoes { get; } = echoes;

    /// <summary>As <c>vm list</c> shows it; where it changes by itself, as it was when it was last looked at.</summary>
    internal string State { get; set; } = "defined";

    /// <summary>The state after a command; null where the command does not fit the state.</summary>
    internal string? After(string command) => (command, State) switch
    {
        ("create", "defined") => "created",
        ("start", "defined" or "created" or "stopped" or "crashed") => "running",
        ("pause", "running") => "paused",
        ("resume", "paused") => "running",
        ("reset", "running" or "paused") => "running",
        ("stop", "running" or "paused") => "stopped",
        ("destroy", not "defined") => "defined",
        _ => null,
    };
}

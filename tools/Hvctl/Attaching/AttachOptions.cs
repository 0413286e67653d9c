using System;

namespace SharpVisor.Hvctl.Attaching;

/// <summary>How a console is attached.</summary>
internal sealed record AttachOptions
{
    /// <summary>The key that leaves: Ctrl-].</summary>
    internal const byte UsualEscape = 0x1d;

    /// <summary>The byte that leaves the console, where a person types.</summary>
    internal byte Escape { get; init; } = UsualEscape;

    /// <summary>Lines of what was printed before to show first.</summary>
    internal int History { get; init; }

    /// <summary>Where the input has ended: how long nothing may come before the console is left.</summary>
    internal TimeSpan Idle { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Text that ends the attachment once the VM prints it; or null.</summary>
    internal string? Until { get; init; }

    /// <summary>How long to wait for <see cref="Until"/>, and for a guest to take what a script types.</summary>
    internal TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(60);
}

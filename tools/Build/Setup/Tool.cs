using System.Collections.Generic;

namespace SharpVisor.Build.Setup;

/// <summary>A program that the build needs and does not bring along.</summary>
/// <param name="Names">What it is called on PATH, best first.</param>
/// <param name="Debian">The package that holds it, for apt-get.</param>
/// <param name="Fedora">The same for dnf.</param>
/// <param name="Homebrew">The same for brew.</param>
/// <param name="Windows">The same for winget.</param>
internal sealed record Tool(IReadOnlyList<string> Names, string Debian, string Fedora, string Homebrew, string Windows);

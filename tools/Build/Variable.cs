using System;

namespace SharpVisor.Build;

/// <summary>
/// One row of the table of variables: a NAME=VALUE that comes from make's command line, from the environment or
/// from the arguments of build.ps1.
/// </summary>
/// <param name="Name">As people type it.</param>
/// <param name="Initial">Value where none is given; empty: see the meaning.</param>
/// <param name="Meaning">For <c>help</c>; at most 55 characters a line.</param>
/// <param name="Check">Answers what would be right when a value is wrong, null when it is right. Never sees an empty value.</param>
internal sealed record Variable(string Name, string Initial, string Meaning, Func<string, string?> Check);

using System.Collections.Generic;

namespace SharpVisor.Build.Checks;

/// <summary>What the hot-path check found.</summary>
/// <param name="Errors">One line for each function that breaks the rule, with the way to it. Empty: all is well.</param>
/// <param name="Functions">Every function that was looked at, by name.</param>
internal sealed record HotPathReport(IReadOnlyList<string> Errors, IReadOnlyList<string> Functions);

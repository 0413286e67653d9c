using System;
using System.Threading.Tasks;

namespace SharpVisor.Build;

/// <summary>One thing that the build can be asked to do.</summary>
/// <param name="Name">As people type it.</param>
/// <param name="Meaning">For <c>help</c>; at most 60 characters.</param>
/// <param name="ExecuteAsync">Does it; answers the exit code.</param>
internal sealed record Verb(string Name, string Meaning, Func<Settings, Task<int>> ExecuteAsync);

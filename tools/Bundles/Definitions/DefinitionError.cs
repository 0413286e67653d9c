using System.Globalization;

namespace SharpVisor.Bundles.Definitions;

/// <summary>A mistake in a file of VM definitions.</summary>
/// <param name="File">The file, as it was named.</param>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1, in characters.</param>
/// <param name="Problem">What is wrong.</param>
/// <param name="Remedy">What would be right.</param>
public sealed record DefinitionError(string File, int Line, int Column, string Problem, string Remedy)
{
    /// <summary><c>file:line:column: problem; remedy</c>, which editors make a link of.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}:{Column}: {Problem}; {Remedy}");
}

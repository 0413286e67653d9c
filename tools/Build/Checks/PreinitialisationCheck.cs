using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;

namespace SharpVisor.Build.Checks;

/// <summary>
/// No static is initialised at run time: ilc must have done it all, and no check whether a class constructor ran
/// may be left in the object.
/// </summary>
internal static partial class PreinitialisationCheck
{
    // What ilc makes for a class whose constructor runs on first use.
    private static readonly string[] s_lazyAccessors = ["__GetNonGCStaticBase_", "__GetGCStaticBase_"];

    /// <summary>One line for each class at fault. Empty: all is well.</summary>
    /// <param name="compilerLog">What ilc printed with --verbose.</param>
    /// <param name="symbols">The symbols of the object.</param>
    internal static IReadOnlyList<string> Run(string compilerLog, IEnumerable<string> symbols)
    {
        List<string> errors = Failure().Matches(compilerLog)
            .Select(match => $"statics: {match.Groups["type"].Value} could not be initialised by the compiler: {match.Groups["reason"].Value.Trim()}")
            .ToList();
        foreach (string symbol in symbols)
        {
            if (s_lazyAccessors.FirstOrDefault(prefix => symbol.StartsWith(prefix, StringComparison.Ordinal)) is string prefix)
            {
                errors.Add($"statics: {symbol[prefix.Length..]} has a class constructor that runs on first use.");
            }
        }

        return errors;
    }

    [GeneratedRegex(@"Could not preinitialize '(\[[^\]]*\])?(?<type>[^']*)': (?<reason>[^\n]*)")]
    private static partial Regex Failure();
}

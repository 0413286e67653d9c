using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using SharpVisor.Bundles.Definitions;

namespace SharpVisor.Hvctl;

/// <summary>Arguments that are one of a few words.</summary>
internal static class OneOf
{
    /// <summary>Refuses other words, and completes these.</summary>
    internal static void Require(Argument argument, IReadOnlyList<string> words)
    {
        argument.CompletionSources.Add(_ => words.Select(word => new System.CommandLine.Completions.CompletionItem(word)));
        argument.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !words.Contains(token.Value))
            {
                string help = Suggestion.Find(token.Value, words) is string meant ? $"did you mean '{meant}'" : $"there are {string.Join(", ", words)}";
                result.AddError($"'{token.Value}' is none of them: {help}");
            }
        });
    }
}

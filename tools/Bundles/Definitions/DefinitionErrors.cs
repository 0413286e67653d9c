using System.Collections.Generic;
using System.Linq;
using Tomlyn.Syntax;

namespace SharpVisor.Bundles.Definitions;

/// <summary>Gathers every mistake of one file.</summary>
internal sealed class DefinitionErrors(string file)
{
    private readonly List<DefinitionError> _errors = [];

    internal bool Any => _errors.Count > 0;

    internal void Add(TextPosition position, string problem, string remedy) =>
        _errors.Add(new DefinitionError(file, position.Line + 1, position.Column + 1, problem, remedy));

    /// <summary>In the order of the file.</summary>
    internal IReadOnlyList<DefinitionError> ToList() =>
        _errors.Distinct().OrderBy(error => error.Line).ThenBy(error => error.Column).ToList();
}

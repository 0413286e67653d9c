using System.Collections.Generic;

namespace SharpVisor.Hvctl.Profiling;

/// <summary>A function in a tree of calls.</summary>
/// <param name="name">Its name.</param>
internal sealed class CallNode(string name)
{
    private readonly SortedDictionary<string, CallNode> _callees = new(System.StringComparer.Ordinal);

    internal string Name => name;

    /// <summary>Samples in it and in what it called.</summary>
    internal int Samples { get; set; }

    /// <summary>What it called, by name.</summary>
    internal IEnumerable<CallNode> Callees => _callees.Values;

    /// <summary>One that it called; makes it the first time.</summary>
    internal CallNode Callee(string callee)
    {
        if (!_callees.TryGetValue(callee, out CallNode? node))
        {
            node = new CallNode(callee);
            _callees.Add(callee, node);
        }

        return node;
    }
}

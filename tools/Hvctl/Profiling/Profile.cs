using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using SharpVisor.Debug;
using SharpVisor.Hvctl.Tracing;

namespace SharpVisor.Hvctl.Profiling;

/// <summary>What a VM's guest was doing, by samples: how often in each function, and by whose call.</summary>
internal sealed class Profile
{
    private const ulong ModeMask = 0xf;

    private readonly int _vm;
    private readonly GuestSymbols? _symbols;
    private readonly ulong _offset;
    private readonly Dictionary<int, Stack> _open = [];
    private readonly Dictionary<string, int> _functions = [];

    /// <summary>Begins with none.</summary>
    /// <param name="vm">Number of the VM.</param>
    /// <param name="symbols">Names; or null.</param>
    /// <param name="offset">What the guest's addresses are above those of the symbols.</param>
    internal Profile(int vm, GuestSymbols? symbols, ulong offset)
    {
        _vm = (ushort)vm;
        _symbols = symbols;
        _offset = offset;
    }

    /// <summary>How many samples there are.</summary>
    internal int Samples { get; private set; }

    /// <summary>Those in user programs.</summary>
    internal int UserSamples { get; private set; }

    /// <summary>The calls, from the outermost one on.</summary>
    internal CallNode Root { get; } = new("all");

    /// <summary>The functions that the samples fell into, the most frequent first.</summary>
    internal IReadOnlyList<(string Name, int Samples)> Functions =>
        _functions.Select(function => (function.Key, function.Value)).OrderByDescending(function => function.Value).ThenBy(function => function.Key).ToList();

    /// <summary>Adds a record; those of a CPU come in order.</summary>
    internal void Add(in TraceRecord record)
    {
        switch (record.Kind)
        {
            case TraceKind.Sample:
                Close(record.Cpu);
                if (record.Vm == _vm)
                {
                    _open[record.Cpu] = new Stack((record.Second & ModeMask) == 0, [record.First]);
                }

                break;
            case TraceKind.Callers when _open.TryGetValue(record.Cpu, out Stack stack):
                stack.Addresses.Add(record.First);
                if (record.Second != 0)
                {
                    stack.Addresses.Add(record.Second);
                }

                break;
        }
    }

    /// <summary>There are no more.</summary>
    internal void Finish()
    {
        foreach (int cpu in _open.Keys.ToList())
        {
            Close(cpu);
        }
    }

    private void Close(int cpu)
    {
        if (!_open.Remove(cpu, out Stack stack))
        {
            return;
        }

        Samples++;
        UserSamples += stack.IsUser ? 1 : 0;
        string innermost = NameOf(stack.Addresses[0], stack.IsUser);
        _functions[innermost] = _functions.GetValueOrDefault(innermost) + 1;
        CallNode node = Root;
        node.Samples++;
        for (int i = stack.Addresses.Count - 1; i >= 0; i--)
        {
            // A return address is behind the call.
            node = node.Callee(NameOf(i == 0 ? stack.Addresses[i] : stack.Addresses[i] - 4, stack.IsUser));
            node.Samples++;
        }
    }

    private string NameOf(ulong address, bool isUser) => _symbols?.At(address - _offset)
        ?? (isUser ? "[user]" : string.Create(CultureInfo.InvariantCulture, $"0x{address:x}"));

    private readonly record struct Stack(bool IsUser, List<ulong> Addresses);
}

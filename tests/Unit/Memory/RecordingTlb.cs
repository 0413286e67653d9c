using System;
using System.Collections.Generic;
using SharpVisor.Memory;

namespace SharpVisor.Tests.Unit.Memory;

/// <summary>Keeps what a page table says of its changes.</summary>
internal sealed class RecordingTlb : TlbMaintenance
{
    internal List<(ulong Address, ulong Length)> Breaks { get; } = [];

    internal int Makes { get; private set; }

    /// <summary>Called at each break, when the entry must already be invalid.</summary>
    internal Action<ulong, ulong>? OnBreak { get; set; }

    public override void AfterBreak(ulong address, ulong length)
    {
        Breaks.Add((address, length));
        OnBreak?.Invoke(address, length);
    }

    public override void AfterMake() => Makes++;
}

using System.Collections.Generic;

namespace SharpVisor.Tests.Unit.Interrupts;

/// <summary>The CPU interface of one VCpu of <see cref="GicModel"/>.</summary>
internal sealed class ModelCpu
{
    internal readonly ModelInterrupt[] Private = new ModelInterrupt[32];

    /// <summary>Priorities of what was acknowledged and not ended, the latest last.</summary>
    internal readonly List<int> Running = [];

    internal bool On;
    internal bool Group0;
    internal bool Group1;
    internal bool AckCtl;
    internal bool CommonBinaryPoint;
    internal bool SplitEnd;
    internal int PriorityMask;
    internal int BinaryPoint = 2;
    internal int AliasedBinaryPoint = 3;

    internal void Reset()
    {
        Running.Clear();
        Group0 = Group1 = AckCtl = CommonBinaryPoint = SplitEnd = false;
        PriorityMask = 0;
        BinaryPoint = 2;
        AliasedBinaryPoint = 3;
    }
}

namespace SharpVisor.Tests.Unit.Interrupts;

/// <summary>One interrupt of <see cref="GicModel"/>, as the architecture describes it.</summary>
internal sealed class ModelInterrupt
{
    internal bool Enabled;
    internal bool Edge;
    internal bool Group1;
    internal bool Line;
    internal bool Active;
    internal int Priority;

    /// <summary>Pending for another reason than the line; for a GICv2's SGI a bit for each source.</summary>
    internal int Latches;

    internal int ActiveSource;
    internal int Holder;
    internal int Targets;
    internal ulong Route;

    internal bool Pending => Latches != 0 || (Line && !Edge);
}

namespace SharpVisor.Debug.Gdb;

/// <summary>What a VCpu does next.</summary>
public struct DebugResume
{
    /// <summary>Whether it goes on at all.</summary>
    public bool Runs;

    /// <summary>Whether it stops after one instruction, or after the first one outside a range.</summary>
    public bool Steps;

    /// <summary>First address of the range; as <see cref="RangeEnd"/> where there is none.</summary>
    public ulong RangeStart;

    /// <summary>Address behind the range.</summary>
    public ulong RangeEnd;
}

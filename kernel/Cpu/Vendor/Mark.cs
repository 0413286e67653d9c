namespace SharpVisor.Cpu;

/// <summary>One event that a guest marked.</summary>
public struct Mark
{
    /// <summary>The machine's counter at that time.</summary>
    public ulong Time;

    /// <summary>Whatever the guest gave with it.</summary>
    public ulong Value;

    /// <summary>The kind of event, in the guest's own numbers.</summary>
    public uint Number;

    /// <summary>The VCpu.</summary>
    public int VCpu;
}

namespace SharpVisor.Cpu;

/// <summary>What the <see cref="ChannelTable"/> knows of a VM.</summary>
public class ChannelPort
{
    /// <summary>Makes the port of a VM that has no channel yet.</summary>
    public ChannelPort(in ChannelName name) => Name = name;

    /// <summary>The VM's name.</summary>
    public ChannelName Name { get; }

    /// <summary>Its ends; changed by the table alone.</summary>
    public readonly ChannelEnd[] Ends = new ChannelEnd[ChannelTable.EndsPerVm];
}

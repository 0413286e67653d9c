namespace SharpVisor.Cpu;

/// <summary>One end of a channel, at one VM.</summary>
public struct ChannelEnd
{
    /// <summary>How it stands.</summary>
    public ChannelState State;

    /// <summary>The VM that it is meant for.</summary>
    public ChannelName Peer;

    /// <summary>Bytes of the memory.</summary>
    public ulong Size;

    /// <summary>The memory, while it is connected or the peer is gone.</summary>
    public ulong Memory;

    /// <summary>The other VM, while it is connected.</summary>
    public ChannelPort? Other;

    /// <summary>Which of the other's ends, while it is connected.</summary>
    public int OtherEnd;
}

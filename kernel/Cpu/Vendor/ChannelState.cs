namespace SharpVisor.Cpu;

/// <summary>How one end of a channel stands; the numbers are what guests see.</summary>
public enum ChannelState
{
    /// <summary>Not in use.</summary>
    Free = 0,

    /// <summary>Its VM has asked, the other has not.</summary>
    Waiting = 1,

    /// <summary>Both have asked: the memory is there.</summary>
    Connected = 2,

    /// <summary>The other has left: the memory is still there, and nobody else sees it.</summary>
    PeerGone = 3,
}

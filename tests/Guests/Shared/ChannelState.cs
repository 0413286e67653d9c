namespace SharpVisor.Guests;

/// <summary>How a <see cref="Channel"/> stands.</summary>
internal enum ChannelState : uint
{
    Free = 0,

    /// <summary>The other VM has not asked yet.</summary>
    Waiting = 1,

    /// <summary>Both see the memory.</summary>
    Connected = 2,

    /// <summary>The other VM has left, has ended or was reset. The memory stays until <see cref="Channel.Disconnect"/>.</summary>
    PeerGone = 3,
}

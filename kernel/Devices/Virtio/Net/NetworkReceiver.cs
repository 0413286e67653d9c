using SharpVisor.Network;

namespace SharpVisor.Devices.Virtio;

/// <summary>Who is at a port of a <see cref="NetworkSwitch"/>. All is called with the port's lock held, but nothing else.</summary>
public abstract class NetworkReceiver
{
    /// <summary>Whether it takes a frame with so much left to be done.</summary>
    public abstract bool Takes(in FrameOffload offload);

    /// <summary>Takes a copy of a frame. Nobody is told before <see cref="Flush"/>.</summary>
    /// <param name="frame">To be read from where it stands.</param>
    public abstract ReceiveOutcome Receive(NetworkFrame frame);

    /// <summary>Tells of all that was received since the last time.</summary>
    public abstract void Flush();

    /// <summary>The link was put up or down.</summary>
    public abstract void LinkChanged(bool isUp);
}

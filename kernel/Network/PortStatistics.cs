namespace SharpVisor.Network;

/// <summary>What a port has seen. Counted since the port was attached. Each number is written under one lock.</summary>
public sealed class PortStatistics
{
    /// <summary>Frames that came in here and went on to somebody.</summary>
    public ulong FramesIn;

    /// <summary>Bytes of those, as they came, without a checksum of Ethernet.</summary>
    public ulong BytesIn;

    /// <summary>Frames that went out here. A frame that was cut up for the receiver counts as its parts.</summary>
    public ulong FramesOut;

    /// <summary>Bytes of those.</summary>
    public ulong BytesOut;

    /// <summary>Frames in, and of those out that were lost, by <see cref="DropReason"/>.</summary>
    public readonly ulong[] Drops = new ulong[(int)DropReason.Count];

    /// <summary>Frames lost, in all.</summary>
    public ulong Dropped
    {
        get
        {
            ulong sum = 0;
            for (int i = 0; i < Drops.Length; i++)
            {
                sum += Drops[i];
            }

            return sum;
        }
    }

    /// <summary>Begins anew.</summary>
    internal void Clear()
    {
        FramesIn = 0;
        BytesIn = 0;
        FramesOut = 0;
        BytesOut = 0;
        for (int i = 0; i < Drops.Length; i++)
        {
            Drops[i] = 0;
        }
    }
}

namespace SharpVisor.Cpu;

/// <summary>
/// Which VMs share memory with which. A channel comes to be when each of two VMs has asked for one with the other, by
/// name and with the same size: nobody learns from an answer whether a VM is there that has not asked.
/// </summary>
/// <remarks>
/// Pure: memory and interrupts are the caller's, who also serialises the calls. Asking is two steps: <see cref="Ask"/>
/// finds out, and where the other waits already, <see cref="Pair"/> makes the channel once there is memory for it, or
/// <see cref="Leave"/> takes the question back.
/// </remarks>
public sealed class ChannelTable
{
    /// <summary>Channels that a VM may have at once.</summary>
    public const int EndsPerVm = 8;

    /// <summary>Bytes of the smallest channel, and what sizes are a multiple of.</summary>
    public const ulong Unit = 0x1000;

    /// <summary>Bytes of the largest.</summary>
    public const ulong LargestSize = 0x10_0000;

    private readonly ChannelPort?[] _ports;

    /// <summary>Makes a table.</summary>
    /// <param name="capacity">VMs that it has room for.</param>
    public ChannelTable(int capacity) => _ports = new ChannelPort?[capacity];

    /// <summary>Takes up a VM. False where there is no room.</summary>
    public bool TryAdd(ChannelPort port)
    {
        for (int i = 0; i < _ports.Length; i++)
        {
            if (_ports[i] == null)
            {
                _ports[i] = port;
                return true;
            }
        }

        return false;
    }

    /// <summary>Forgets a VM, all of whose ends have been left.</summary>
    public void Remove(ChannelPort port)
    {
        for (int i = 0; i < _ports.Length; i++)
        {
            if (_ports[i] == port)
            {
                _ports[i] = null;
            }
        }
    }

    /// <summary>A VM asks for a channel.</summary>
    /// <param name="port">The VM.</param>
    /// <param name="peer">The other's name.</param>
    /// <param name="size">Bytes, a multiple of <see cref="Unit"/> up to <see cref="LargestSize"/>.</param>
    /// <param name="end">Which of its ends waits now; only where the result is Waiting or Success.</param>
    /// <param name="other">The other VM, where the result is Success.</param>
    /// <param name="otherEnd">Its end that waits for this one.</param>
    /// <returns><see cref="VendorResult.Success"/> where the other has asked before, <see cref="VendorResult.Waiting"/>, or why not: then nothing has changed.</returns>
    public ulong Ask(ChannelPort port, in ChannelName peer, ulong size, out int end, out ChannelPort? other, out int otherEnd)
    {
        end = -1;
        other = null;
        otherEnd = -1;
        if (size - 1 >= LargestSize || (size & (Unit - 1)) != 0 || peer.IsEmpty || peer.Is(port.Name))
        {
            return VendorResult.InvalidParameter;
        }

        if (Find(port, peer) >= 0)
        {
            return VendorResult.AlreadyThere;
        }

        for (int i = 0; i < _ports.Length && other == null; i++)
        {
            ChannelPort? candidate = _ports[i];
            if (candidate == null || !candidate.Name.Is(peer))
            {
                continue;
            }

            otherEnd = Find(candidate, port.Name);
            if (otherEnd >= 0 && candidate.Ends[otherEnd].State == ChannelState.Waiting)
            {
                if (candidate.Ends[otherEnd].Size != size)
                {
                    return VendorResult.SizeDiffers;
                }

                other = candidate;
            }
        }

        for (int i = 0; i < EndsPerVm; i++)
        {
            ref ChannelEnd free = ref port.Ends[i];
            if (free.State == ChannelState.Free)
            {
                free.State = ChannelState.Waiting;
                free.Peer = peer;
                free.Size = size;
                end = i;
                return other == null ? VendorResult.Waiting : VendorResult.Success;
            }
        }

        other = null;
        return VendorResult.NoRoom;
    }

    /// <summary>Connects two ends that wait for each other.</summary>
    /// <param name="port">One VM.</param>
    /// <param name="end">Its end.</param>
    /// <param name="other">The other VM.</param>
    /// <param name="otherEnd">Its end.</param>
    /// <param name="memory">What they share.</param>
    public void Pair(ChannelPort port, int end, ChannelPort other, int otherEnd, ulong memory)
    {
        Connect(ref port.Ends[end], other, otherEnd, memory);
        Connect(ref other.Ends[otherEnd], port, end, memory);
    }

    /// <summary>A VM gives up one of its ends, which is free then.</summary>
    /// <param name="port">The VM.</param>
    /// <param name="end">Its end, 0 to <see cref="EndsPerVm"/> - 1.</param>
    /// <param name="left">The end as it was.</param>
    /// <returns>Whether the memory is nobody's any more: the caller frees it. What is <see cref="ChannelState.Connected"/> leaves it to the other.</returns>
    public bool Leave(ChannelPort port, int end, out ChannelEnd left)
    {
        ref ChannelEnd mine = ref port.Ends[end];
        left.State = mine.State;
        left.Peer = mine.Peer;
        left.Size = mine.Size;
        left.Memory = mine.Memory;
        left.Other = mine.Other;
        left.OtherEnd = mine.OtherEnd;
        if (mine.State == ChannelState.Connected)
        {
            ref ChannelEnd peer = ref mine.Other!.Ends[mine.OtherEnd];
            peer.State = ChannelState.PeerGone;
            peer.Other = null;
        }

        mine.State = ChannelState.Free;
        mine.Peer = default;
        mine.Size = 0;
        mine.Memory = 0;
        mine.Other = null;
        return left.State == ChannelState.PeerGone;
    }

    private static void Connect(ref ChannelEnd end, ChannelPort other, int otherEnd, ulong memory)
    {
        end.State = ChannelState.Connected;
        end.Memory = memory;
        end.Other = other;
        end.OtherEnd = otherEnd;
    }

    /// <summary>The end that a VM has for another one, in whatever state; −1 for none.</summary>
    private static int Find(ChannelPort port, in ChannelName peer)
    {
        for (int i = 0; i < EndsPerVm; i++)
        {
            if (port.Ends[i].State != ChannelState.Free && port.Ends[i].Peer.Is(peer))
            {
                return i;
            }
        }

        return -1;
    }
}

using System;
using System.Buffers.Binary;
using System.Threading;
using SharpVisor.Network;

namespace SharpVisor.Devices.Virtio;

/// <content>What comes to the driver. All with the port's lock held.</content>
public sealed partial class NetDevice
{
    private ReceiveOutcome Receive(NetworkFrame frame)
    {
        if (!Transport.IsLive)
        {
            return ReceiveOutcome.Unwanted;
        }

        int pairs = Volatile.Read(ref _activePairs);
        int queue = pairs == 1 ? 0 : 2 * (int)(frame.Head.Flow % (uint)pairs);
        Virtqueue ring = Queues[queue];
        ring.Lock.Enter();
        ReceiveOutcome outcome = ReceiveOutcome.Unwanted;
        if (ring.IsReady && _filter.Wants(frame.Head, frame.Vlan, Features))
        {
            outcome = Fill(ring, frame);
            _toTell |= 1u << queue;
        }

        ring.Lock.Exit();
        return outcome;
    }

    /// <summary>Copies a frame into as many buffers as it takes; where that goes wrong none of them was used.</summary>
    private ReceiveOutcome Fill(Virtqueue ring, NetworkFrame frame)
    {
        bool isMergeable = (Features & NetFeatures.MergeableBuffers) != 0;
        uint left = FrameOffload.Size + frame.Length;
        int count = 0;
        ulong low = 0;
        ulong high = 0;
        while (left != 0)
        {
            if (count == (isMergeable ? MostBuffers : 1) || !ring.TryTake(_received))
            {
                PutBack(ring, count);
                return ReceiveOutcome.NoBuffer;
            }

            _tickets[count++] = _received.Ticket;
            uint part = Math.Min(left, _received.Writable);
            if (part == 0 || (count == 1 && part < FrameOffload.Size) || (count == 1 && !TryWriteHeader(frame, out low, out high)))
            {
                ring.Break();
                return ReceiveOutcome.NoBuffer;
            }

            if (part != left && !isMergeable)
            {
                PutBack(ring, count);
                return ReceiveOutcome.NoBuffer;
            }

            ReceiveOutcome outcome = Copy(frame, part - (count == 1 ? (uint)FrameOffload.Size : 0));
            if (outcome == ReceiveOutcome.BadFrame)
            {
                PutBack(ring, count);
                return outcome;
            }

            if (outcome != ReceiveOutcome.Done)
            {
                ring.Break();
                return outcome;
            }

            _written[count - 1] = _received.Written;
            left -= part;
        }

        // The number of buffers stands in the first one; it was 1 until now.
        if (count != 1)
        {
            Span<byte> number = stackalloc byte[1];
            number[0] = (byte)count;
            if (!_memory.TryWrite(low, number))
            {
                ring.Break();
                return ReceiveOutcome.NoBuffer;
            }
        }

        for (int i = 0; i < count; i++)
        {
            ring.Complete(_tickets[i], _written[i]);
        }

        return ReceiveOutcome.Done;
    }

    private void PutBack(Virtqueue ring, int count)
    {
        for (int i = count - 1; i >= 0; i--)
        {
            ring.PutBack(_tickets[i]);
        }
    }

    /// <summary>The header, with 1 buffer, and where the two bytes of that number stand.</summary>
    private bool TryWriteHeader(NetworkFrame frame, out ulong low, out ulong high)
    {
        high = 0;
        Span<byte> header = stackalloc byte[FrameOffload.Size];
        frame.Offload.Write(header, frame.Moved);
        if ((Volatile.Read(ref _offloads) & NetFeatures.GuestChecksum) == 0)
        {
            header[0] = 0;
        }

        header[10] = 1;
        header[11] = 0;
        return _received.TryWrite(_memory, header.Slice(0, FrameOffload.SizeWithoutBuffers))
            & _received.TryNextWritable(1, out low, out _)
            & _received.TryNextWritable(1, out high, out _)
            && _memory.TryWrite(low, header.Slice(10, 1)) && _memory.TryWrite(high, header.Slice(11, 1));
    }

    private ReceiveOutcome Copy(NetworkFrame frame, uint length)
    {
        while (length != 0)
        {
            uint most = Math.Min(length, BounceSize);
            if (!_received.TryNextWritable(most, out ulong address, out uint part))
            {
                return ReceiveOutcome.NoBuffer;
            }

            Span<byte> some = _bounce.AsSpan(0, (int)part);
            if (!frame.TryRead(some))
            {
                return ReceiveOutcome.BadFrame;
            }

            if (!_memory.TryWrite(address, some))
            {
                return ReceiveOutcome.NoBuffer;
            }

            length -= part;
        }

        return ReceiveOutcome.Done;
    }

    private void FlushReceived()
    {
        bool raised = false;
        for (int queue = 0; _toTell != 0; queue += 2)
        {
            uint bit = 1u << queue;
            if ((_toTell & bit) == 0)
            {
                continue;
            }

            _toTell &= ~bit;
            Virtqueue ring = Queues[queue];
            ring.Lock.Enter();
            ring.Publish();
            raised |= Transport.TakeOutcome(ring);
            ring.Lock.Exit();
        }

        if (raised)
        {
            Transport.UpdateLine(-1);
        }
    }

    private void SetLink(bool isUp)
    {
        int before = isUp ? Interlocked.Or(ref _status, LinkUp) : Interlocked.And(ref _status, ~LinkUp);
        if ((before & LinkUp) != 0 != isUp)
        {
            Transport.ConfigChanged(-1);
        }
    }
}

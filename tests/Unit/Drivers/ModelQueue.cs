using System;
using System.Collections.Generic;
using SharpVisor.Drivers;

namespace SharpVisor.Tests.Unit.Drivers;

/// <summary>The device's side of a split queue, written from the specification's structures (virtio 1.2, 2.7).</summary>
internal sealed unsafe class ModelQueue(SplitQueue queue)
{
    private ushort _seen;
    private ushort _used;

    public bool WantsNotification
    {
        set => *(ushort*)queue.UsedAddress = value ? (ushort)0 : (ushort)1;
    }

    /// <summary>Wants to be notified of the next chain (VIRTIO_F_RING_EVENT_IDX).</summary>
    public void AskByIndex() => *(ushort*)(queue.UsedAddress + 4 + ((ulong)queue.Size * 8)) = _seen;

    /// <summary>Whether what was given back last, or before it since <paramref name="since"/>, is to be told (VIRTIO_F_RING_EVENT_IDX).</summary>
    public bool WantsInterruptByIndex(ushort since) =>
        (ushort)(_used - *(ushort*)(queue.AvailableAddress + 4 + ((ulong)queue.Size * 2)) - 1) < (ushort)(_used - since);

    public ushort Used => _used;

    public bool WantsInterrupt => *(ushort*)queue.AvailableAddress == 0;

    /// <summary>Takes the next chain that the driver has made available.</summary>
    public bool TryPop(out int head, out List<VirtioBuffer> buffers)
    {
        head = -1;
        buffers = [];
        ushort index = *(ushort*)(queue.AvailableAddress + 2);
        if (_seen == index)
        {
            return false;
        }

        head = *(ushort*)(queue.AvailableAddress + 4 + ((ulong)(_seen++ % queue.Size) * 2));
        int next = head;
        while (true)
        {
            byte* descriptor = (byte*)queue.DescriptorAddress + (16 * next);
            ushort flags = *(ushort*)(descriptor + 12);
            if ((flags & 4) != 0)
            {
                for (uint i = 0; i < *(uint*)(descriptor + 8) / 16; i++)
                {
                    byte* inner = (byte*)*(ulong*)descriptor + (16 * i);
                    buffers.Add(new VirtioBuffer(*(ulong*)inner, *(uint*)(inner + 8), (*(ushort*)(inner + 12) & 2) != 0));
                }

                return true;
            }

            buffers.Add(new VirtioBuffer(*(ulong*)descriptor, *(uint*)(descriptor + 8), (flags & 2) != 0));
            if ((flags & 1) == 0)
            {
                return true;
            }

            next = *(ushort*)(descriptor + 14);
        }
    }

    /// <summary>Gives a chain back.</summary>
    public void Push(uint head, uint length)
    {
        ulong element = queue.UsedAddress + 4 + ((ulong)(_used++ % queue.Size) * 8);
        *(uint*)element = head;
        *(uint*)(element + 4) = length;
        *(ushort*)(queue.UsedAddress + 2) = _used;
    }

    /// <summary>Writes bytes into the next buffer of the driver's.</summary>
    public bool TryFill(ReadOnlySpan<byte> bytes)
    {
        if (!TryPop(out int head, out List<VirtioBuffer> buffers))
        {
            return false;
        }

        bytes.CopyTo(new Span<byte>((void*)buffers[0].Address, (int)buffers[0].Length));
        Push((uint)head, (uint)bytes.Length);
        return true;
    }

    /// <summary>Takes the bytes of the driver's next buffer.</summary>
    public byte[]? TryDrain()
    {
        if (!TryPop(out int head, out List<VirtioBuffer> buffers))
        {
            return null;
        }

        List<byte> bytes = [];
        foreach (VirtioBuffer buffer in buffers)
        {
            bytes.AddRange(new ReadOnlySpan<byte>((void*)buffer.Address, (int)buffer.Length));
        }

        Push((uint)head, 0);
        return [.. bytes];
    }
}

using System;
using SharpVisor.Network;

namespace SharpVisor.Devices.Virtio;

/// <summary>
/// A frame where its sender keeps it, read as one that goes out at a port: with a tag taken away or put in. Each receiver
/// reads it from the begin.
/// </summary>
public abstract class NetworkFrame
{
    private const int Unread = FrameHead.AddressesSize;

    private uint _length;
    private int _moved;
    private int _left;
    private uint _tag;

    /// <summary>What is left to be done with it.</summary>
    public FrameOffload Offload;

    /// <summary>Bytes, as they are read.</summary>
    public uint Length => (uint)((int)_length + _moved);

    /// <summary>Bytes by which it is longer than its sender's.</summary>
    public int Moved => _moved;

    /// <summary>What it begins with; set by who has looked.</summary>
    public FrameHead Head;

    /// <summary>VLAN of the tag that it is read with; 0 where it has none.</summary>
    public uint Vlan { get; set; }

    /// <summary>Says how it leaves, and begins to read it.</summary>
    /// <param name="vlan">VLAN that it is in; 0 to leave it as it is.</param>
    /// <param name="isTagged">Whether it has a tag there.</param>
    public void Begin(uint vlan, bool isTagged)
    {
        Rewind();
        _left = Unread;
        _moved = 0;
        _tag = 0;
        if (vlan == 0)
        {
            return;
        }

        Vlan = isTagged ? vlan : 0;

        uint tag = (Head.Tag & 0xf000u) | vlan;
        if (Head.HasTag)
        {
            _moved = isTagged ? 0 : -FrameHead.TagSize;
        }
        else
        {
            _moved = isTagged ? FrameHead.TagSize : 0;
        }

        _tag = _moved > 0 ? tag : 0;
    }

    /// <summary>Reads the next bytes. False where they are not there: the sender has made a mistake.</summary>
    public bool TryRead(Span<byte> destination)
    {
        if (_left != 0 && _moved != 0)
        {
            int first = Math.Min(_left, destination.Length);
            if (!TryTake(destination.Slice(0, first)))
            {
                return false;
            }

            _left -= first;
            destination = destination.Slice(first);
            if (_left != 0)
            {
                return true;
            }

            if (_moved < 0)
            {
                Span<byte> skipped = stackalloc byte[FrameHead.TagSize];
                if (!TryTake(skipped))
                {
                    return false;
                }
            }
        }

        // A tag that is put in is read byte by byte: somebody's buffer may end in it.
        while (_tag != 0 && !destination.IsEmpty)
        {
            destination[0] = TakeTagByte();
            destination = destination.Slice(1);
        }

        return destination.IsEmpty || TryTake(destination);
    }

    /// <summary>Says how long it is.</summary>
    protected void SetLength(uint length) => _length = length;

    /// <summary>Goes back to the sender's first byte.</summary>
    protected abstract void Rewind();

    /// <summary>Reads the sender's next bytes.</summary>
    protected abstract bool TryTake(Span<byte> destination);

    // What is left of it stands in the lower bits, with how much that is above.
    private byte TakeTagByte()
    {
        const uint begun = 1u << 31;
        if ((_tag & begun) == 0)
        {
            _tag |= begun | (3u << 16);
            return FrameHead.TagType >> 8;
        }

        uint left = (_tag >> 16) & 3;
        byte value = left == 3 ? (byte)(FrameHead.TagType & 0xff) : (byte)(_tag >> (left == 2 ? 8 : 0));
        _tag = left == 1 ? 0 : _tag - (1u << 16);
        return value;
    }
}

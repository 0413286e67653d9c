using System;
using System.Buffers.Binary;
using SharpVisor.Network;

namespace SharpVisor.Devices.Virtio;

/// <summary>Which frames a driver wants (virtio 1.2, 5.1.6.5.1 to 5.1.6.5.3). Until it says so, all.</summary>
internal sealed class ReceiveFilter
{
    /// <summary>The commands that switch something on or off: bits of <see cref="_modes"/>.</summary>
    private const int Promiscuous = 1 << 0;
    private const int AllMulticast = 1 << 1;
    private const int AllUnicast = 1 << 2;
    private const int NoMulticast = 1 << 3;
    private const int NoUnicast = 1 << 4;
    private const int NoBroadcast = 1 << 5;
    private const int Modes = 6;

    private const int MacSize = 6;
    private const int MostAddresses = 16;
    private const int Vlans = 4096;
    private const ulong BroadcastAddress = 0xffff_ffff_ffff;

    private readonly ulong[] _addresses = new ulong[2 * MostAddresses]; // unicast, then multicast
    private readonly ulong[] _vlans = new ulong[Vlans / 64];
    private int _modes;

    internal ReceiveFilter() => Reset();

    /// <summary>The device's own address.</summary>
    internal ulong Mac { get; set; }

    /// <summary>Wants everything.</summary>
    internal void Reset()
    {
        _modes = Promiscuous;
        _addresses.AsSpan().Clear();
        _vlans.AsSpan().Clear();
    }

    /// <summary>Whether a frame is wanted.</summary>
    /// <param name="head">Its head.</param>
    /// <param name="vlan">VLAN of its tag; 0 where it has none.</param>
    /// <param name="features">What was negotiated.</param>
    internal bool Wants(in FrameHead head, uint vlan, ulong features)
    {
        if (vlan != 0 && (features & NetFeatures.ControlVlan) != 0 && (_vlans[(int)vlan / 64] >> (int)(vlan % 64) & 1) == 0)
        {
            return false;
        }

        if ((_modes & Promiscuous) != 0)
        {
            return true;
        }

        if (head.Destination == BroadcastAddress)
        {
            return (_modes & NoBroadcast) == 0;
        }

        if (head.IsMulticast)
        {
            return (_modes & NoMulticast) == 0 && ((_modes & AllMulticast) != 0 || Has(MostAddresses, head.Destination));
        }

        return (_modes & NoUnicast) == 0 && ((_modes & AllUnicast) != 0 || head.Destination == Mac || Has(0, head.Destination));
    }

    /// <summary>Switches a mode. False where there is no such.</summary>
    internal bool TrySetMode(int command, bool isOn, bool hasExtra)
    {
        if (command >= (hasExtra ? Modes : 2))
        {
            return false;
        }

        _modes = isOn ? _modes | (1 << command) : _modes & ~(1 << command);
        return true;
    }

    /// <summary>Takes both tables: of each the number of addresses (32 bits), then these.</summary>
    internal bool TrySetTables(ReadOnlySpan<byte> data)
    {
        _addresses.AsSpan().Clear();
        for (int table = 0; table < 2; table++)
        {
            if (data.Length < sizeof(uint))
            {
                return false;
            }

            uint count = BinaryPrimitives.ReadUInt32LittleEndian(data);
            data = data.Slice(sizeof(uint));
            if (count > (uint)data.Length / MacSize)
            {
                return false;
            }

            // Too many: then all of that kind.
            if (count > MostAddresses)
            {
                _modes |= table == 0 ? AllUnicast : AllMulticast;
            }

            for (int i = 0; i < (int)count && i < MostAddresses; i++)
            {
                _addresses[(table * MostAddresses) + i] = ReadMac(data.Slice(i * MacSize));
            }

            data = data.Slice((int)count * MacSize);
        }

        return true;
    }

    /// <summary>Wants a VLAN's frames, or no longer.</summary>
    internal bool TrySetVlan(uint vlan, bool isWanted)
    {
        if (vlan >= Vlans)
        {
            return false;
        }

        ulong bit = 1ul << (int)(vlan % 64);
        ref ulong word = ref _vlans[(int)vlan / 64];
        word = isWanted ? word | bit : word & ~bit;
        return true;
    }

    internal void Save(ref StateWriter state)
    {
        state.Add((uint)_modes | Mac << 8);
        AddAll(ref state, _addresses);
        AddAll(ref state, _vlans);
    }

    internal void Restore(ref StateReader state)
    {
        ulong word = state.Take();
        _modes = (int)word & ((1 << Modes) - 1);
        Mac = word >> 8 & BroadcastAddress;
        TakeAll(ref state, _addresses);
        TakeAll(ref state, _vlans);
    }

    internal static ulong ReadMac(ReadOnlySpan<byte> bytes) =>
        ((ulong)BinaryPrimitives.ReadUInt32BigEndian(bytes) << 16) | BinaryPrimitives.ReadUInt16BigEndian(bytes.Slice(4));

    private bool Has(int first, ulong address)
    {
        for (int i = first; i < first + MostAddresses; i++)
        {
            if (_addresses[i] == address)
            {
                return true;
            }
        }

        return false;
    }

    private static void AddAll(ref StateWriter state, ulong[] words)
    {
        for (int i = 0; i < words.Length; i++)
        {
            state.Add(words[i]);
        }
    }

    private static void TakeAll(ref StateReader state, ulong[] words)
    {
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = state.Take();
        }
    }
}

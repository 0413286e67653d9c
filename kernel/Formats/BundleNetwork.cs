using System;
using System.Buffers.Binary;

namespace SharpVisor.Formats;

/// <summary>
/// A network device of a VM, as a boot bundle defines it: a record of the VM's property "networks", in big-endian
/// numbers (README.md in this folder has the layout).
/// </summary>
public ref struct BundleNetwork
{
    /// <summary>Bytes of a record.</summary>
    public const int Size = 128;

    /// <summary>Most devices of a VM.</summary>
    public const int Maximum = 8;

    /// <summary>Longest name of a network; of the same letters as a VM's.</summary>
    public const int MaximumNameLength = 31;

    /// <summary>Most VLANs with a tag.</summary>
    public const int MaximumTrunk = 16;

    /// <summary>Most IPv4 addresses.</summary>
    public const int MaximumAddresses = 4;

    /// <summary>Largest MTU.</summary>
    public const uint MaximumMtu = 9216;

    /// <summary>Least MTU: what IPv4 needs.</summary>
    public const uint MinimumMtu = 68;

    /// <summary>Most pairs of queues.</summary>
    public const uint MaximumQueues = 8;

    /// <summary>Least burst: one large frame of TCP.</summary>
    public const ulong MinimumBurst = 64 << 10;

    /// <summary>Largest burst.</summary>
    public const ulong MaximumBurst = 64 << 20;

    /// <summary>Largest rate in bytes per second.</summary>
    public const ulong MaximumRate = 12_500_000_000;

    /// <summary>Last VLAN.</summary>
    public const uint LastVlan = 4094;

    /// <summary>Of <see cref="Flags"/>: others' addresses may be used.</summary>
    public const byte AllowsSpoofing = 1;

    private const int NameSize = 32;
    private const int MacOffset = 32;
    private const int RateOffset = 40;
    private const int BurstOffset = 48;
    private const int IsolationOffset = 56;
    private const int VlanOffset = 60;
    private const int MtuOffset = 62;
    private const int QueuesOffset = 64;
    private const int FlagsOffset = 65;
    private const int TrunkCountOffset = 66;
    private const int AddressCountOffset = 67;
    private const int TrunkOffset = 68;
    private const int AddressOffset = 100;
    private const int UplinkOffset = 116;
    private const int WithheldOffset = 120;

    /// <summary>Name of the network.</summary>
    public ReadOnlySpan<byte> Name;

    /// <summary>MAC address, in the lower 48 bits.</summary>
    public ulong Mac;

    /// <summary>Most bytes in a second; 0: any number.</summary>
    public ulong Rate;

    /// <summary>Bytes that may be sent at once.</summary>
    public ulong Burst;

    /// <summary>Isolation group; 0 for none, all ones for nobody.</summary>
    public uint Isolation;

    /// <summary>VLAN without a tag; 0 for none.</summary>
    public uint Vlan;

    /// <summary>MTU.</summary>
    public uint Mtu;

    /// <summary>Pairs of queues.</summary>
    public uint Queues;

    /// <summary>What is allowed.</summary>
    public byte Flags;

    /// <summary>VLANs with a tag, 16 bits each.</summary>
    public ReadOnlySpan<byte> Trunk;

    /// <summary>IPv4 addresses, 32 bits each.</summary>
    public ReadOnlySpan<byte> Addresses;

    /// <summary>The network's uplink: number of a physical network device + 1; 0 for none.</summary>
    public uint Uplink;

    /// <summary>Feature bits that the device does not offer.</summary>
    public ulong Withheld;

    /// <summary>Reads a record.</summary>
    /// <param name="records">The property.</param>
    /// <param name="index">From 0.</param>
    /// <param name="network">What it says.</param>
    /// <returns>False behind the last, and where it makes no sense.</returns>
    public static bool TryGet(ReadOnlySpan<byte> records, int index, out BundleNetwork network)
    {
        network = default;
        if ((uint)index >= (uint)(records.Length / Size))
        {
            return false;
        }

        ReadOnlySpan<byte> record = records.Slice(index * Size, Size);
        int name = record.Slice(0, NameSize).IndexOf((byte)0);
        int trunk = record[TrunkCountOffset];
        int addresses = record[AddressCountOffset];
        if (name < 0 || trunk > MaximumTrunk || addresses > MaximumAddresses)
        {
            return false;
        }

        network.Name = record.Slice(0, name);
        network.Mac = BinaryPrimitives.ReadUInt64BigEndian(record.Slice(MacOffset));
        network.Rate = BinaryPrimitives.ReadUInt64BigEndian(record.Slice(RateOffset));
        network.Burst = BinaryPrimitives.ReadUInt64BigEndian(record.Slice(BurstOffset));
        network.Isolation = BinaryPrimitives.ReadUInt32BigEndian(record.Slice(IsolationOffset));
        network.Vlan = BinaryPrimitives.ReadUInt16BigEndian(record.Slice(VlanOffset));
        network.Mtu = BinaryPrimitives.ReadUInt16BigEndian(record.Slice(MtuOffset));
        network.Queues = record[QueuesOffset];
        network.Flags = record[FlagsOffset];
        network.Trunk = record.Slice(TrunkOffset, trunk * sizeof(ushort));
        network.Addresses = record.Slice(AddressOffset, addresses * sizeof(uint));
        network.Uplink = record[UplinkOffset];
        network.Withheld = BinaryPrimitives.ReadUInt64BigEndian(record.Slice(WithheldOffset));
        return network.IsSound;
    }

    /// <summary>Writes it as a record.</summary>
    public readonly void Write(Span<byte> record)
    {
        record.Slice(0, Size).Clear();
        Name.CopyTo(record);
        BinaryPrimitives.WriteUInt64BigEndian(record.Slice(MacOffset), Mac);
        BinaryPrimitives.WriteUInt64BigEndian(record.Slice(RateOffset), Rate);
        BinaryPrimitives.WriteUInt64BigEndian(record.Slice(BurstOffset), Burst);
        BinaryPrimitives.WriteUInt32BigEndian(record.Slice(IsolationOffset), Isolation);
        BinaryPrimitives.WriteUInt16BigEndian(record.Slice(VlanOffset), (ushort)Vlan);
        BinaryPrimitives.WriteUInt16BigEndian(record.Slice(MtuOffset), (ushort)Mtu);
        record[QueuesOffset] = (byte)Queues;
        record[FlagsOffset] = Flags;
        record[TrunkCountOffset] = (byte)(Trunk.Length / sizeof(ushort));
        record[AddressCountOffset] = (byte)(Addresses.Length / sizeof(uint));
        Trunk.CopyTo(record.Slice(TrunkOffset));
        Addresses.CopyTo(record.Slice(AddressOffset));
        record[UplinkOffset] = (byte)Uplink;
        BinaryPrimitives.WriteUInt64BigEndian(record.Slice(WithheldOffset), Withheld);
    }

    /// <summary>Whether all records of a property make sense.</summary>
    public static bool AreSound(ReadOnlySpan<byte> records)
    {
        int count = records.Length / Size;
        for (int i = 0; i < count; i++)
        {
            if (!TryGet(records, i, out _))
            {
                return false;
            }
        }

        return records.Length % Size == 0 && count <= Maximum;
    }

    private readonly bool IsSound =>
        BundleVm.IsName(Name)
        && Mac >> 48 == 0 && Mac != 0 && (Mac >> 40 & 1) == 0
        && Vlan <= LastVlan && (Vlan != 0 || Trunk.Length != 0)
        && Mtu is >= MinimumMtu and <= MaximumMtu
        && Queues is >= 1 and <= MaximumQueues
        && Rate <= MaximumRate && Burst <= MaximumBurst && (Rate == 0 || Burst >= MinimumBurst);
}

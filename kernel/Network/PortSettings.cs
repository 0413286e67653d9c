namespace SharpVisor.Network;

/// <summary>What a port of a switch may do. Does not change while it is attached.</summary>
public sealed class PortSettings
{
    /// <summary>The VLAN of whoever says nothing of VLANs.</summary>
    public const uint DefaultVlan = 1;

    /// <summary>VLANs have numbers from 1 to this.</summary>
    public const uint LastVlan = 4094;

    /// <summary><see cref="Isolation"/> of a port that reaches only ports of group 0.</summary>
    public const uint Alone = uint.MaxValue;

    /// <summary>Most IPv4 addresses that a port can be held to.</summary>
    public const int MaximumAddresses = 4;

    /// <summary>Most VLANs of a trunk, beside the one without a tag.</summary>
    public const int MaximumTrunk = 16;

    /// <summary>MAC address of who is there; 0 for a port with many behind it, such as an uplink.</summary>
    public ulong Mac;

    /// <summary>VLAN of frames without a tag; 0 where there are none.</summary>
    public uint Vlan = DefaultVlan;

    /// <summary>VLANs whose frames have a tag here; none: a tag is refused.</summary>
    public readonly ushort[] Trunk = new ushort[MaximumTrunk];

    /// <summary>Number of them.</summary>
    public int TrunkCount;

    /// <summary>
    /// Isolation group: 0 reaches everybody; members of another group reach each other and group 0;
    /// <see cref="Alone"/> only group 0.
    /// </summary>
    public uint Isolation;

    /// <summary>Whether frames with others' addresses as their sender are let through, which are then learnt.</summary>
    public bool AllowsSpoofing;

    /// <summary>IPv4 addresses that it may use; none: those that no other port of the VLAN uses.</summary>
    public readonly uint[] Addresses = new uint[MaximumAddresses];

    /// <summary>Number of them.</summary>
    public int AddressCount;

    /// <summary>Most bytes that it may send in a second; 0: any number.</summary>
    public ulong Rate;

    /// <summary>Bytes that it may send at once, after a pause.</summary>
    public ulong Burst;

    /// <summary>Most bytes that a frame may carry behind its head, where it is not cut into several.</summary>
    public uint Mtu = 1500;

    /// <summary>Whether all that is sent comes from one MAC address.</summary>
    public bool IsFixed => Mac != 0 && !AllowsSpoofing;

    /// <summary>Whether frames of a VLAN may pass.</summary>
    public bool HasVlan(uint vlan) => vlan != 0 && (vlan == Vlan || IsTagged(vlan));

    /// <summary>Whether frames of a VLAN have a tag here.</summary>
    public bool IsTagged(uint vlan)
    {
        if (vlan == Vlan)
        {
            return false;
        }

        for (int i = 0; i < TrunkCount; i++)
        {
            if (Trunk[i] == vlan)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether an IPv4 address is one that it may use, by its settings.</summary>
    public bool MayUse(uint address)
    {
        for (int i = 0; i < AddressCount; i++)
        {
            if (Addresses[i] == address)
            {
                return true;
            }
        }

        return AddressCount == 0;
    }

    /// <summary>Whether isolation lets two ports talk.</summary>
    public static bool MayTalk(PortSettings a, PortSettings b) =>
        a.Isolation == 0 || b.Isolation == 0 || (a.Isolation == b.Isolation && a.Isolation != Alone);
}

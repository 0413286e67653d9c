using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using SharpVisor.Formats;
using Tomlyn.Syntax;

namespace SharpVisor.Bundles.Definitions;

/// <summary>Reads <c>[[network]]</c> tables, and the <c>[[vm.network]]</c> tables of each machine.</summary>
/// <param name="canTellMissing">Whether a key that is not there is a mistake.</param>
internal sealed class NetworkReader(bool canTellMissing)
{
    private const string NameForm = "it takes 1 to 31 of a-z, 0-9 and -";
    private const string MacForm = "a MAC address such as \"52:54:00:12:34:56\"";
    private const string RateForm = "a rate such as \"500Kbit\", \"100Mbit\" or \"1Gbit\"";
    private const string UplinkPrefix = "virtio-net";
    private const int MaximumUplinks = 8;
    private const ulong DefaultBurst = 512 << 10;

    // Feature bits by the names that people know them by (virtio 1.2, 5.1.3 and 6).
    private static readonly Dictionary<string, int> s_features = new()
    {
        ["csum"] = 0,
        ["guest-csum"] = 1,
        ["control-offloads"] = 2,
        ["mtu"] = 3,
        ["mac"] = 5,
        ["guest-tso4"] = 7,
        ["guest-tso6"] = 8,
        ["guest-ecn"] = 9,
        ["host-tso4"] = 11,
        ["host-tso6"] = 12,
        ["host-ecn"] = 13,
        ["mergeable"] = 15,
        ["status"] = 16,
        ["control"] = 17,
        ["control-rx"] = 18,
        ["control-vlan"] = 19,
        ["control-rx-extra"] = 20,
        ["announce"] = 21,
        ["queues"] = 22,
        ["control-mac"] = 23,
        ["indirect"] = 28,
        ["event-index"] = 29,
        ["packed"] = 34,
        ["ring-reset"] = 40,
    };

    private readonly Dictionary<string, (uint Uplink, TextPosition Place, TableReader Table)> _networks = [];
    private readonly Dictionary<(string Network, ulong Mac), TextPosition> _macs = [];
    private readonly HashSet<string> _used = [];

    /// <summary>Reads what is said of a network as a whole.</summary>
    internal void ReadNetwork(TableReader table)
    {
        string? name = Name(table, "name");
        TomlEntry? entry = table.Find("uplink");
        string? uplink = table.String(entry, "uplink", "\"virtio-net0\"");
        uint number = 0;
        if (uplink is not null)
        {
            bool isRight = uplink.StartsWith(UplinkPrefix, StringComparison.Ordinal)
                && uint.TryParse(uplink[UplinkPrefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out number)
                && number < MaximumUplinks;
            number++;
            if (!isRight)
            {
                table.RejectValue(entry!, $"uplink = {TableReader.Quote(uplink)} is no network device", "it takes \"virtio-net0\" to \"virtio-net7\", the machine's in the order of their addresses");
                number = 0;
            }
            else if (_networks.Values.Any(other => other.Uplink == number))
            {
                table.RejectValue(entry!, $"uplink = {TableReader.Quote(uplink)} is another network's", "each device leads to one network");
            }
        }

        table.Finish("network");
        if (name is not null && !_networks.TryAdd(name, (number, table.Position, table)))
        {
            string first = string.Create(CultureInfo.InvariantCulture, $"line {_networks[name].Place.Line + 1}");
            table.RejectValue(table.Find("name")!, $"name = {TableReader.Quote(name)} is taken by the network in {first}", "each has a name of its own");
        }
    }

    /// <summary>Reads the network devices of a machine.</summary>
    internal IReadOnlyList<NetworkSpecification> ReadDevices(TableReader vm, string vmName)
    {
        List<NetworkSpecification> devices = [];
        IReadOnlyList<TableReader> tables = vm.Tables("network");
        for (int i = 0; i < tables.Count; i++)
        {
            if (i == BundleNetwork.Maximum)
            {
                tables[i].RejectAt(tables[i].Position, "too many network devices", string.Create(CultureInfo.InvariantCulture, $"a virtual machine has at most {BundleNetwork.Maximum}"));
            }

            devices.Add(ReadDevice(tables[i], vmName, i));
        }

        return devices;
    }

    /// <summary>Tells of networks that no machine is on.</summary>
    internal void Finish()
    {
        if (!canTellMissing)
        {
            return;
        }

        foreach ((string name, (uint _, TextPosition place, TableReader table)) in _networks)
        {
            if (!_used.Contains(name))
            {
                table.RejectAt(place, $"no virtual machine is on network {TableReader.Quote(name)}", $"give one a [[vm.network]] with network = {TableReader.Quote(name)}");
            }
        }
    }

    private NetworkSpecification ReadDevice(TableReader table, string vmName, int index)
    {
        string network = Name(table, "network") ?? "";
        _used.Add(network);
        IReadOnlyList<ushort> trunk = Trunk(table);
        TomlEntry? vlanEntry = table.Find("vlan");
        long? vlan = table.Integer(vlanEntry, "vlan", 1, BundleNetwork.LastVlan);
        if (vlan is long one && trunk.Contains((ushort)one))
        {
            table.RejectValue(vlanEntry!, "vlan is one of trunk, too", "vlan is the VLAN of frames without a tag, trunk of those with one");
        }

        ulong rate = Rate(table);
        NetworkSpecification device = new()
        {
            Network = network,
            Mac = Mac(table, network, vmName, index),
            Vlan = (uint)(vlan ?? (trunk.Count == 0 ? 1 : 0)),
            Trunk = trunk,
            Rate = rate,
            Burst = Burst(table, rate),
            Isolation = Isolation(table),
            Mtu = (uint)(table.Integer(table.Find("mtu"), "mtu", BundleNetwork.MinimumMtu, BundleNetwork.MaximumMtu) ?? 1500),
            Queues = (uint)(table.Integer(table.Find("queues"), "queues", 1, BundleNetwork.MaximumQueues) ?? 1),
            AllowsSpoofing = table.Word(table.Find("spoofing"), "spoofing", "refuse", "allow") == "allow",
            Addresses = Addresses(table),
            Withheld = Withheld(table),
            Uplink = _networks.TryGetValue(network, out (uint Uplink, TextPosition, TableReader) known) ? known.Uplink : 0,
        };
        table.Finish("vm.network");
        return device;
    }

    private string? Name(TableReader table, string key)
    {
        TomlEntry? entry = canTellMissing ? table.Require(key, "\"lan\"") : table.Find(key);
        string? name = table.String(entry, key, "\"lan\"");
        if (name is not null && !BundleVm.IsName(Encoding.UTF8.GetBytes(name)))
        {
            table.RejectValue(entry!, $"{key} = {TableReader.Quote(name)} cannot be a name", NameForm);
            return null;
        }

        return name;
    }

    private ulong Mac(TableReader table, string network, string vmName, int index)
    {
        TomlEntry? entry = table.Find("mac");
        string? text = table.String(entry, "mac", "\"52:54:00:12:34:56\"");
        ulong mac = 0x0200_0000_0000 | (BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"{vmName}/{index}"))) & 0xff_ffff_ffff);
        if (text is not null)
        {
            string[] parts = text.Split(':');
            ulong given = 0;
            bool isRight = parts.Length == 6;
            foreach (string part in parts)
            {
                isRight &= part.Length == 2 & byte.TryParse(part, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value);
                given = (given << 8) | value;
            }

            if (!isRight || given == 0 || (given >> 40 & 1) != 0)
            {
                table.RejectValue(entry!, $"mac = {TableReader.Quote(text)} {(isRight ? "is no single machine's address" : "cannot be read")}", $"it takes {MacForm}");
                return mac;
            }

            mac = given;
        }

        TextPosition place = entry?.Value?.Span.Start ?? table.Position;
        if (!_macs.TryAdd((network, mac), place))
        {
            string first = string.Create(CultureInfo.InvariantCulture, $"line {_macs[(network, mac)].Line + 1}");
            table.RejectAt(place, $"the MAC address is taken by the device in {first}", "each has one of its own; without mac it gets one");
        }

        return mac;
    }

    private static List<ushort> Trunk(TableReader table)
    {
        TomlEntry? entry = table.Find("trunk");
        IReadOnlyList<long> vlans = table.Integers(entry, "trunk", 1, BundleNetwork.LastVlan) ?? [];
        if (vlans.Count > BundleNetwork.MaximumTrunk)
        {
            table.RejectValue(entry!, "trunk has too many VLANs", string.Create(CultureInfo.InvariantCulture, $"it takes at most {BundleNetwork.MaximumTrunk}"));
        }

        return [.. vlans.Select(vlan => (ushort)vlan)];
    }

    private static ulong Rate(TableReader table)
    {
        TomlEntry? entry = table.Find("rate");
        ulong? rate = table.Parsed(entry, "rate", RateForm, Quantity.BytesPerSecond);
        if (rate is 0 or > BundleNetwork.MaximumRate)
        {
            table.RejectValue(entry!, "rate is out of range", "it takes \"1Kbit\" to \"100Gbit\"");
            return 0;
        }

        return rate ?? 0;
    }

    private static ulong Burst(TableReader table, ulong rate)
    {
        TomlEntry? entry = table.Find("burst");
        ulong? burst = table.Parsed(entry, "burst", "a size such as \"512K\"", Quantity.Size);
        if (burst is < BundleNetwork.MinimumBurst or > BundleNetwork.MaximumBurst)
        {
            table.RejectValue(entry!, "burst is out of range", "it takes \"64K\" to \"64M\"");
        }
        else if (entry is not null && rate == 0)
        {
            table.RejectKey(entry, "burst means nothing without a rate", "add for instance rate = \"100Mbit\", or leave burst out");
        }

        return rate == 0 ? 0 : burst ?? DefaultBurst;
    }

    private static uint Isolation(TableReader table)
    {
        TomlEntry? entry = table.Find("isolation");
        if (entry?.Value is StringValueSyntax)
        {
            return table.Word(entry, "isolation", "none", "alone") == "alone" ? NetworkSpecification.Alone : 0;
        }

        return (uint)(table.Integer(entry, "isolation", 1, 65535) ?? 0);
    }

    private static ulong Withheld(TableReader table)
    {
        ulong withheld = 0;
        TomlEntry? entry = table.Find("without");
        if (entry is null)
        {
            return 0;
        }

        foreach ((string name, TextPosition place) in table.Strings(entry, "without", "[\"packed\"]"))
        {
            if (s_features.TryGetValue(name, out int bit))
            {
                withheld |= 1ul << bit;
            }
            else
            {
                table.RejectAt(place, $"without holds {TableReader.Quote(name)}", $"it takes some of {string.Join(", ", s_features.Keys.Select(TableReader.Quote))}");
            }
        }

        return withheld;
    }

    private static List<uint> Addresses(TableReader table)
    {
        const string Example = "[\"10.0.0.2\"]";
        TomlEntry? entry = table.Find("addresses");
        List<uint> addresses = [];
        if (entry is null)
        {
            return addresses;
        }

        foreach ((string text, TextPosition place) in table.Strings(entry, "addresses", Example))
        {
            if (text.Count(c => c == '.') == 3 && IPAddress.TryParse(text, out IPAddress? address) && address.AddressFamily == AddressFamily.InterNetwork && !address.Equals(IPAddress.Any))
            {
                addresses.Add(BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes()));
            }
            else
            {
                table.RejectAt(place, $"addresses holds {TableReader.Quote(text)}", $"it takes IPv4 addresses such as {Example}");
            }
        }

        if (addresses.Count > BundleNetwork.MaximumAddresses)
        {
            table.RejectValue(entry, "addresses has too many", string.Create(CultureInfo.InvariantCulture, $"it takes at most {BundleNetwork.MaximumAddresses}"));
        }

        return addresses;
    }
}

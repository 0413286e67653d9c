using System.Numerics;

namespace SharpVisor.Network;

/// <summary>
/// A learning Ethernet switch: decides from a frame's head who gets it. It moves no bytes, and its owner does the locking.
/// </summary>
/// <remarks>
/// <para>
/// Whoever has one MAC address for good (<see cref="PortSettings.IsFixed"/>) is found by it, in each VLAN of his; nobody
/// else can send under it, or take it over. Others are learnt, by VLAN. A frame for an unknown address goes to all ports
/// behind which somebody unknown can be.
/// </para>
/// <para>
/// An IPv4 address that a port uses by ARP is its own until it is not heard of for a while: frames by which another port
/// claims it are refused. What the settings of a port name goes before what an uplink claims, and that before what ports claim
/// that are not held to addresses.
/// </para>
/// </remarks>
public sealed class VirtualSwitch
{
    /// <summary>Most ports.</summary>
    public const int MaximumPorts = 64;

    /// <summary>Addresses that are known of a port with one station, if it may use others' addresses.</summary>
    public const int AddressesOfPort = 8;

    /// <summary>Addresses that are known of a port with many behind it.</summary>
    public const int AddressesOfUplink = 128;

    /// <summary>Seconds after which an address is forgotten.</summary>
    public const uint Lifetime = 300;

    private readonly PortSettings?[] _ports = new PortSettings?[MaximumPorts];
    private readonly TokenBucket[] _buckets = new TokenBucket[MaximumPorts];
    private readonly PortStatistics[] _statistics = new PortStatistics[MaximumPorts];
    private readonly AddressTable _stations;
    private readonly AddressTable _claims;
    private readonly ulong[][] _rings = new ulong[MaximumPorts * 2][];
    private readonly ulong[][] _longRings = [new ulong[AddressesOfUplink], new ulong[AddressesOfUplink]];
    private readonly ulong _frequency;
    private ulong _up;
    private ulong _uplinks;

    /// <summary>Makes a switch without ports.</summary>
    /// <param name="frequency">Ticks of the clock in a second.</param>
    public VirtualSwitch(ulong frequency)
    {
        _frequency = frequency;
        _stations = new AddressTable(MaximumPorts, Lifetime * frequency);
        _claims = new AddressTable(MaximumPorts, Lifetime * frequency);
        for (int i = 0; i < MaximumPorts; i++)
        {
            _statistics[i] = new PortStatistics();
            _rings[2 * i] = new ulong[AddressesOfPort];
            _rings[(2 * i) + 1] = new ulong[AddressesOfPort];
        }
    }

    /// <summary>Ports that are there, by bit.</summary>
    public ulong Attached { get; private set; }

    /// <summary>What a port may do; null where there is none.</summary>
    public PortSettings? SettingsOf(int port) => _ports[port];

    /// <summary>What a port has seen.</summary>
    public PortStatistics StatisticsOf(int port) => _statistics[port];

    /// <summary>Whether a port's link is up.</summary>
    public bool IsUp(int port) => (_up >> port & 1) != 0;

    /// <summary>Adds a port, whose link is up.</summary>
    /// <param name="settings">What it may do.</param>
    /// <param name="isUplink">Whether many stations are behind it; one of the ports at most.</param>
    /// <param name="now">The clock.</param>
    /// <param name="port">Its number.</param>
    /// <returns>False where there is no room, or where its MAC address is another port's.</returns>
    public bool TryAttach(PortSettings settings, bool isUplink, ulong now, out int port)
    {
        port = BitOperations.TrailingZeroCount(~Attached);
        if (port >= MaximumPorts || (isUplink && _uplinks != 0))
        {
            return false;
        }

        ulong[] stations = isUplink ? _longRings[0] : _rings[2 * port];
        ulong[] claims = isUplink ? _longRings[1] : _rings[(2 * port) + 1];
        if (!_stations.TryOpen(port, stations))
        {
            return false;
        }

        if (!_claims.TryOpen(port, claims) || (settings.IsFixed && !_stations.TryPin(settings.Mac, port)))
        {
            _stations.Close(port);
            _claims.Close(port);
            return false;
        }

        ulong bit = 1ul << port;
        Attached |= bit;
        _up |= bit;
        _uplinks |= isUplink ? bit : 0;
        _ports[port] = settings;
        _statistics[port].Clear();
        _buckets[port] = new TokenBucket(settings.Rate, settings.Burst, _frequency, now);
        return true;
    }

    /// <summary>Takes a port away.</summary>
    public void Detach(int port)
    {
        ulong bit = 1ul << port;
        Attached &= ~bit;
        _up &= ~bit;
        _uplinks &= ~bit;
        _ports[port] = null;
        _stations.Close(port);
        _claims.Close(port);
    }

    /// <summary>Puts a port's link up or down. A port whose link is down sends nothing and gets nothing.</summary>
    public void SetUp(int port, bool isUp) => _up = isUp ? _up | (1ul << port) : _up & ~(1ul << port);

    /// <summary>Decides who gets a frame, and counts it.</summary>
    /// <param name="source">Port that it came in at.</param>
    /// <param name="head">Its head.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="now">The clock.</param>
    /// <param name="vlan">VLAN that it is in.</param>
    /// <param name="reason">Where nobody gets it: why.</param>
    /// <returns>The ports that get it, by bit.</returns>
    public ulong Forward(int source, in FrameHead head, uint length, ulong now, out uint vlan, out DropReason reason)
    {
        ulong targets = 0;
        reason = Check(source, head, length, now, out vlan);
        if (reason == DropReason.None)
        {
            targets = FindTargets(source, head, vlan, now);
            reason = targets == 0 ? DropReason.NoDestination : DropReason.None;
        }

        PortStatistics statistics = _statistics[source];
        if (targets != 0)
        {
            statistics.FramesIn++;
            statistics.BytesIn += length;
        }
        else
        {
            statistics.Drops[(int)reason]++;
        }

        return targets;
    }

    /// <summary>Counts a frame that was lost before anything could be decided.</summary>
    public void Drop(int source, DropReason reason) => _statistics[source].Drops[(int)reason]++;

    private DropReason Check(int source, in FrameHead head, uint length, ulong now, out uint vlan)
    {
        PortSettings port = _ports[source]!;
        vlan = head.Vlan;
        if (!IsUp(source))
        {
            return DropReason.LinkDown;
        }

        if (vlan == 0)
        {
            vlan = port.Vlan;
        }
        else if (!port.IsTagged(vlan))
        {
            return DropReason.Vlan;
        }

        if (vlan == 0)
        {
            return DropReason.Vlan;
        }

        DropReason reason = CheckSender(source, port, head, vlan, now);
        if (reason != DropReason.None)
        {
            return reason;
        }

        if (!_buckets[source].TryPay(length, now))
        {
            return DropReason.RateLimited;
        }

        if (!port.IsFixed)
        {
            _stations.Learn(StationKey(head.Source, vlan), source, now);
        }

        return DropReason.None;
    }

    private DropReason CheckSender(int source, PortSettings port, in FrameHead head, uint vlan, ulong now)
    {
        if (port.AllowsSpoofing)
        {
            return DropReason.None;
        }

        if (port.IsFixed ? head.Source != port.Mac : _stations.IsPinned(head.Source))
        {
            return DropReason.Spoofed;
        }

        bool hasAddress = head.SourceIPv4 != 0; // 0: who has none yet
        if (!head.IsArp)
        {
            return hasAddress && !port.MayUse(head.SourceIPv4) ? DropReason.Spoofed : DropReason.None;
        }

        if (port.IsFixed ? head.ArpSender != port.Mac : _stations.IsPinned(head.ArpSender))
        {
            return DropReason.ArpSpoofed;
        }

        return hasAddress && !TryClaim(source, port, head.SourceIPv4, vlan, now) ? DropReason.ArpSpoofed : DropReason.None;
    }

    /// <summary>A port says that an IPv4 address is its own.</summary>
    private bool TryClaim(int source, PortSettings port, uint address, uint vlan, ulong now)
    {
        if (!port.MayUse(address))
        {
            return false;
        }

        ulong key = ClaimKey(address, vlan);
        int owner = _claims.Find(key, now);
        if (owner >= 0 && owner != source && RankOf(owner) >= RankOf(source))
        {
            return false;
        }

        if (port.AddressCount == 0 && IsNamed(source, address, vlan))
        {
            return false; // it is kept for another, who has not used it yet
        }

        _claims.Learn(key, source, now);
        return true;
    }

    private int RankOf(int port) => _ports[port]!.AddressCount != 0 ? 2 : (int)(_uplinks >> port & 1);

    private bool IsNamed(int except, uint address, uint vlan)
    {
        for (ulong left = Attached; left != 0; left &= left - 1)
        {
            int port = BitOperations.TrailingZeroCount(left);
            PortSettings settings = _ports[port]!;
            if (port != except && settings.AddressCount != 0 && settings.HasVlan(vlan) && settings.MayUse(address))
            {
                return true;
            }
        }

        return false;
    }

    private ulong FindTargets(int source, in FrameHead head, uint vlan, ulong now)
    {
        if (!head.IsMulticast)
        {
            int known = _stations.Find(head.Destination, now);
            if (known < 0)
            {
                known = _stations.Find(StationKey(head.Destination, vlan), now);
            }

            if (known >= 0)
            {
                return known != source && Reaches(source, known, vlan) ? 1ul << known : 0;
            }
        }

        ulong targets = 0;
        for (ulong left = _up & ~(1ul << source); left != 0; left &= left - 1)
        {
            int port = BitOperations.TrailingZeroCount(left);
            if ((head.IsMulticast || !_ports[port]!.IsFixed) && Reaches(source, port, vlan))
            {
                targets |= 1ul << port;
            }
        }

        return targets;
    }

    private bool Reaches(int source, int target, uint vlan)
    {
        PortSettings settings = _ports[target]!;
        return IsUp(target) && settings.HasVlan(vlan) && PortSettings.MayTalk(_ports[source]!, settings);
    }

    private static ulong StationKey(ulong mac, uint vlan) => mac | (ulong)vlan << 48;

    private static ulong ClaimKey(uint address, uint vlan) => address | (ulong)vlan << 32;
}

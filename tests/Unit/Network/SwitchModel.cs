using System.Collections.Generic;
using System.Linq;
using SharpVisor.Network;

namespace SharpVisor.Tests.Unit.Network;

/// <summary>What a switch should do, in the plainest words: lists of facts, searched from end to end.</summary>
internal sealed class SwitchModel(ulong lifetime)
{
    private readonly Dictionary<int, Port> _ports = [];
    private readonly List<Fact> _stations = [];
    private readonly List<Fact> _claims = [];

    internal IReadOnlyCollection<int> Ports => _ports.Keys;

    internal PortSettings SettingsOf(int port) => _ports[port].Settings;

    internal bool CanAttach(PortSettings settings, bool isUplink) =>
        _ports.Count < 64
        && (!isUplink || !_ports.Values.Any(p => p.IsUplink))
        && (!IsFixed(settings) || !_ports.Values.Any(p => IsFixed(p.Settings) && p.Settings.Mac == settings.Mac));

    internal void Attach(int port, PortSettings settings, bool isUplink) => _ports.Add(port, new Port(settings, isUplink));

    internal void Detach(int port)
    {
        _ports.Remove(port);
        _stations.RemoveAll(f => f.Port == port);
        _claims.RemoveAll(f => f.Port == port);
    }

    internal void SetUp(int port, bool isUp) => _ports[port].IsUp = isUp;

    internal (List<int> Targets, DropReason Reason) Forward(int from, ulong destination, ulong source, int vlanTag, ulong? arpSender, uint ip, ulong now)
    {
        Port port = _ports[from];
        PortSettings settings = port.Settings;
        if (!port.IsUp)
        {
            return ([], DropReason.LinkDown);
        }

        uint vlan = vlanTag > 0 ? (uint)vlanTag : settings.Vlan;
        if (vlan == 0 || (vlanTag > 0 && !TaggedIn(settings, vlan)))
        {
            return ([], DropReason.Vlan);
        }

        if (!settings.AllowsSpoofing)
        {
            if (IsLie(settings, source))
            {
                return ([], DropReason.Spoofed);
            }

            if (arpSender is null && ip != 0 && !Permits(settings, ip))
            {
                return ([], DropReason.Spoofed);
            }

            if (arpSender is ulong sender)
            {
                if (IsLie(settings, sender))
                {
                    return ([], DropReason.ArpSpoofed);
                }

                if (ip != 0)
                {
                    if (!MayClaim(from, ip, vlan, now))
                    {
                        return ([], DropReason.ArpSpoofed);
                    }

                    Note(_claims, ip, vlan, from, now);
                }
            }
        }

        if (!IsFixed(settings))
        {
            Note(_stations, source, vlan, from, now);
        }

        List<int> targets = Targets(from, destination, vlan, now);
        return (targets, targets.Count == 0 ? DropReason.NoDestination : DropReason.None);
    }

    private List<int> Targets(int from, ulong destination, uint vlan, ulong now)
    {
        bool isGroup = (destination >> 40 & 1) != 0;
        if (!isGroup)
        {
            int? owner = _ports.Where(p => IsFixed(p.Value.Settings) && p.Value.Settings.Mac == destination).Select(p => (int?)p.Key).FirstOrDefault()
                ?? Find(_stations, destination, vlan, now)?.Port;
            if (owner is int one)
            {
                return one != from && Reaches(from, one, vlan) ? [one] : [];
            }
        }

        return _ports.Where(p => p.Key != from && (isGroup || !IsFixed(p.Value.Settings)) && Reaches(from, p.Key, vlan)).Select(p => p.Key).Order().ToList();
    }

    private bool Reaches(int from, int to, uint vlan)
    {
        uint a = _ports[from].Settings.Isolation;
        uint b = _ports[to].Settings.Isolation;
        return _ports[to].IsUp
            && (_ports[to].Settings.Vlan == vlan || TaggedIn(_ports[to].Settings, vlan))
            && (a == 0 || b == 0 || (a == b && a != uint.MaxValue));
    }

    private bool MayClaim(int from, uint ip, uint vlan, ulong now)
    {
        if (!Permits(_ports[from].Settings, ip))
        {
            return false;
        }

        if (Find(_claims, ip, vlan, now) is Fact claim && claim.Port != from && Rank(claim.Port) >= Rank(from))
        {
            return false;
        }

        return _ports[from].Settings.AddressCount != 0
            || !_ports.Any(p => p.Key != from && p.Value.Settings.AddressCount != 0 && Permits(p.Value.Settings, ip)
                && (p.Value.Settings.Vlan == vlan || TaggedIn(p.Value.Settings, vlan)));
    }

    private int Rank(int port) => _ports[port].Settings.AddressCount != 0 ? 2 : _ports[port].IsUplink ? 1 : 0;

    private bool IsLie(PortSettings settings, ulong source) => IsFixed(settings)
        ? source != settings.Mac
        : _ports.Values.Any(p => IsFixed(p.Settings) && p.Settings.Mac == source);

    private Fact? Find(List<Fact> facts, ulong what, uint vlan, ulong now) =>
        facts.FirstOrDefault(f => f.What == what && f.Vlan == vlan && now - f.Seen <= lifetime);

    private void Note(List<Fact> facts, ulong what, uint vlan, int port, ulong now)
    {
        Fact? known = facts.FirstOrDefault(f => f.What == what && f.Vlan == vlan);
        if (known?.Port == port)
        {
            known.Seen = now;
            return;
        }

        if (known is not null)
        {
            facts.Remove(known);
        }

        Port owner = _ports[port];
        long number = facts == _claims ? owner.Claims++ : owner.Learnt++;
        int room = owner.IsUplink ? VirtualSwitch.AddressesOfUplink : VirtualSwitch.AddressesOfPort;
        facts.RemoveAll(f => f.Port == port && f.Number <= number - room);
        facts.Add(new Fact { What = what, Vlan = vlan, Port = port, Seen = now, Number = number });
    }

    private static bool IsFixed(PortSettings settings) => settings.Mac != 0 && !settings.AllowsSpoofing;

    private static bool TaggedIn(PortSettings settings, uint vlan) =>
        vlan != settings.Vlan && settings.Trunk.Take(settings.TrunkCount).Contains((ushort)vlan);

    private static bool Permits(PortSettings settings, uint ip) =>
        settings.AddressCount == 0 || settings.Addresses.Take(settings.AddressCount).Contains(ip);

    private sealed class Fact
    {
        internal ulong What;
        internal uint Vlan;
        internal int Port;
        internal ulong Seen;
        internal long Number;
    }

    private sealed class Port(PortSettings settings, bool isUplink)
    {
        internal PortSettings Settings { get; } = settings;

        internal bool IsUplink { get; } = isUplink;

        internal bool IsUp { get; set; } = true;

        internal long Learnt { get; set; }

        internal long Claims { get; set; }
    }
}

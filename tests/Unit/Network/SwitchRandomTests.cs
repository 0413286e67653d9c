using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using SharpVisor.Network;
using Xunit;

namespace SharpVisor.Tests.Unit.Network;

/// <summary>The switch against a model: ports come and go, time passes, frames of all kinds want to somewhere.</summary>
public sealed class SwitchRandomTests
{
    private const ulong Frequency = 1000;

    [Fact]
    public void The_switch_decides_as_the_model_does()
    {
        HashSet<DropReason> seen = [];
        int forwarded = 0;
        for (int seed = 1; seed <= 60; seed++)
        {
            forwarded += new Run(seed, seen).Go(1500);
        }

        Assert.True(forwarded > 10_000, "too little went anywhere");
        Assert.Superset(new HashSet<DropReason> { DropReason.Vlan, DropReason.Spoofed, DropReason.ArpSpoofed, DropReason.LinkDown, DropReason.NoDestination }, seen);
    }

    private sealed class Run(int seed, HashSet<DropReason> seen)
    {
        private readonly Random _random = new(seed);
        private readonly VirtualSwitch _switch = new(Frequency);
        private readonly SwitchModel _model = new(VirtualSwitch.Lifetime * Frequency);
        private readonly int _macs = seed % 3 == 0 ? 60 : 10;
        private ulong _now = (ulong)seed * 1000;

        internal int Go(int steps)
        {
            int forwarded = 0;
            for (int i = 0; i < steps; i++)
            {
                _now += (ulong)_random.Next(_random.Next(20) == 0 ? 400_000 : 3000);
                switch (_random.Next(40))
                {
                    case < 2:
                        Attach();
                        break;
                    case 2 when _model.Ports.Count > 3:
                        int gone = Port();
                        _switch.Detach(gone);
                        _model.Detach(gone);
                        break;
                    case 3 when _model.Ports.Count > 0:
                        bool isUp = _random.Next(4) != 0;
                        int changed = Port();
                        _switch.SetUp(changed, isUp);
                        _model.SetUp(changed, isUp);
                        break;
                    default:
                        forwarded += _model.Ports.Count > 0 && Send() ? 1 : 0;
                        break;
                }
            }

            return forwarded;
        }

        private void Attach()
        {
            PortSettings settings = new() { Mac = _random.Next(6) == 0 ? 0 : Mac(), AllowsSpoofing = _random.Next(4) == 0 };
            settings.Vlan = (uint)_random.Next(4);
            settings.Isolation = _random.Next(6) switch { 0 => 1, 1 => 2, 2 => PortSettings.Alone, _ => 0 };
            for (int i = _random.Next(4); i > 0; i--)
            {
                settings.Trunk[settings.TrunkCount++] = (ushort)_random.Next(1, 5);
            }

            for (int i = _random.Next(4) == 0 ? 2 : 0; i > 0; i--)
            {
                settings.Addresses[settings.AddressCount++] = Ip();
            }

            bool isUplink = settings.Mac == 0 && _random.Next(2) == 0;
            bool can = _model.CanAttach(settings, isUplink);
            Assert.Equal(can, _switch.TryAttach(settings, isUplink, _now, out int port));
            if (can)
            {
                Assert.DoesNotContain(port, _model.Ports);
                _model.Attach(port, settings, isUplink);
            }
        }

        private bool Send()
        {
            int from = Port();
            PortSettings settings = _model.SettingsOf(from);
            ulong own = settings.Mac == 0 ? Mac() : settings.Mac;
            ulong source = _random.Next(5) == 0 ? Mac() : own;
            ulong destination = _random.Next(6) switch { 0 => EthernetFrame.Broadcast, 1 => 0x0100_5e00_0001, _ => Mac() };
            int tag = _random.Next(3) == 0 ? _random.Next(6) : -1;
            int? fullTag = tag < 0 ? null : tag | (_random.Next(8) << 13);
            uint ip = _random.Next(4) == 0 ? 0 : Ip();
            string text = new IPAddress([(byte)(ip >> 24), (byte)(ip >> 16), (byte)(ip >> 8), (byte)ip]).ToString();
            ulong? arp = _random.Next(2) == 0 ? (_random.Next(5) == 0 ? Mac() : source) : null;
            byte[] frame = arp is ulong sender
                ? EthernetFrame.Arp(source, sender, text, fullTag, destination)
                : EthernetFrame.Udp(destination, source, text, 20, fullTag);
            Assert.True(FrameHead.TryRead(frame.AsSpan(0, Math.Min(frame.Length, FrameHead.Size)), out FrameHead head));
            ulong targets = _switch.Forward(from, head, (uint)frame.Length, _now, out _, out DropReason reason);
            (List<int> expected, DropReason expectedReason) = _model.Forward(from, destination, source, tag, arp, ip, _now);
            seen.Add(reason);
            Assert.Equal(expectedReason, reason);
            Assert.Equal(expected, Enumerable.Range(0, 64).Where(i => (targets >> i & 1) != 0).ToList());
            return targets != 0;
        }

        private int Port() => _model.Ports.ElementAt(_random.Next(_model.Ports.Count));

        private ulong Mac() => 0x0200_0000_0000 + (ulong)_random.Next(1, _macs);

        private uint Ip() => 0x0a00_0000 + (uint)_random.Next(1, 6);
    }
}

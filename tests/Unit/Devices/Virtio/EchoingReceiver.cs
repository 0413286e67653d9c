using System;
using SharpVisor.Devices.Virtio;
using SharpVisor.Network;

namespace SharpVisor.Tests.Unit.Devices.Virtio;

/// <summary>Somebody at a port who takes everything, and sends back what he got last.</summary>
internal sealed class EchoingReceiver : NetworkReceiver
{
    private readonly NetworkSwitch _network;
    private readonly HostFrame _frame = new(new byte[70_000]);
    private readonly int _port;
    private byte[] _last = [];

    internal EchoingReceiver(NetworkSwitch network)
    {
        _network = network;
        if (!network.TryAttach(this, new PortSettings { Mtu = NetworkSwitch.LargestMtu }, isUplink: true, out _port))
        {
            throw new InvalidOperationException();
        }
    }

    internal long Received { get; private set; }

    public override bool Takes(in FrameOffload offload) => offload.ChecksumOffset % 2 == 0;

    public override ReceiveOutcome Receive(NetworkFrame frame)
    {
        byte[] bytes = new byte[frame.Length];
        if (!frame.TryRead(bytes))
        {
            return ReceiveOutcome.BadFrame;
        }

        _last = bytes;
        Received++;
        return ReceiveOutcome.Done;
    }

    public override void Flush() => Send(_last);

    public override void LinkChanged(bool isUp)
    {
    }

    internal void Send(ulong random)
    {
        byte[] frame = new byte[14 + (random % 300)];
        frame.AsSpan(0, 6).Fill(0xff);
        frame[6] = 6;
        frame[11] = (byte)(random >> 32);
        Send(frame);
    }

    private void Send(byte[] bytes)
    {
        bytes.CopyTo(_frame.Room);
        _frame.Offload = default;
        _frame.Open(bytes.Length);
        ulong touched = 0;
        _network.Send(_port, _frame, bytes.AsSpan(0, Math.Min(bytes.Length, FrameHead.Size)), ref touched, out _);
        _network.Flush(touched);
    }
}

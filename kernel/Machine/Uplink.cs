using System;
using SharpVisor.Devices.Virtio;
using SharpVisor.Drivers;
using SharpVisor.Network;

namespace SharpVisor.Machine;

/// <summary>A port of a network that leads to a physical device, and so out of the machine.</summary>
internal sealed class Uplink : NetworkReceiver
{
    // What is taken at one interrupt; the rest after a while, so that guests have their CPU in between.
    private const int FramesPerTurn = 32;

    private readonly VirtioNet _device;
    private readonly NetworkSwitch _network;
    private readonly HostFrame _frame = new(new byte[VirtioNet.LargestFrame]);
    private int _port;

    private Uplink(VirtioNet device, NetworkSwitch network)
    {
        _device = device;
        _network = network;
    }

    /// <summary>INTID of its interrupt.</summary>
    internal uint Interrupt => _device.Interrupt;

    /// <summary>Connects a device. Null where the network has one already.</summary>
    internal static Uplink? Connect(VirtioNet device, NetworkSwitch network)
    {
        Uplink uplink = new(device, network);
        return network.TryAttach(uplink, new PortSettings(), isUplink: true, out uplink._port) ? uplink : null;
    }

    /// <inheritdoc/>
    public override bool Takes(in FrameOffload offload) => !offload.HasPartialChecksum && offload.Segmentation == 0;

    /// <inheritdoc/>
    public override ReceiveOutcome Receive(NetworkFrame frame)
    {
        int length = (int)frame.Length;
        if (length > VirtioNet.LargestFrame)
        {
            return ReceiveOutcome.Unwanted;
        }

        Span<byte> room = _device.Reserve(out uint slot);
        if (room.IsEmpty)
        {
            return ReceiveOutcome.NoBuffer;
        }

        if (!frame.TryRead(room.Slice(0, length)))
        {
            return ReceiveOutcome.BadFrame;
        }

        _device.Send(slot, length);
        return ReceiveOutcome.Done;
    }

    /// <inheritdoc/>
    public override void Flush() => _device.Publish();

    /// <inheritdoc/>
    public override void LinkChanged(bool isUp)
    {
    }

    /// <summary>The device interrupts, or there was more.</summary>
    /// <returns>Whether there may be more.</returns>
    internal bool Work()
    {
        _device.TakeInterrupt();
        ulong touched = 0;
        int count = 0;
        for (; count < FramesPerTurn && _device.TryReceive(out uint slot, out ReadOnlySpan<byte> bytes); count++)
        {
            if (!bytes.IsEmpty && bytes.Length <= VirtioNet.LargestFrame)
            {
                bytes.CopyTo(_frame.Room);
                _frame.Open(bytes.Length);
                ReadOnlySpan<byte> start = _frame.Room.Slice(0, Math.Min(bytes.Length, FrameHead.Size));
                _network.Send(_port, _frame, start, ref touched, out _);
            }

            _device.GiveBack(slot);
        }

        _device.PublishReceived();
        _network.Flush(touched);
        return count == FramesPerTurn;
    }
}

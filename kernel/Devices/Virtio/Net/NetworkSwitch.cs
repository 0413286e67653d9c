using System;
using System.Numerics;
using System.Threading;
using SharpVisor.Network;

namespace SharpVisor.Devices.Virtio;

/// <summary>
/// A switch with its ports: takes frames from senders and copies them to receivers, with what is left to be done to them
/// where the receiver can do that, else done.
/// </summary>
/// <remarks>
/// Locks, in this order: the sender's queue, a receiver's port, the room for frames that are cut up; the receiver's queue. The
/// one for decisions is held for a decision alone, the capture's for one record. A port outlives whoever is there: when
/// <see cref="Detach"/> returns nobody has anything of the receiver.
/// </remarks>
public sealed class NetworkSwitch
{
    // The largest frame that is cut up, and the largest piece.
    private const int LargestFrame = 65_536 + 64;

    private readonly byte[] _name;
    private readonly NetworkClock _clock;
    private readonly Port[] _ports = new Port[VirtualSwitch.MaximumPorts];
    private readonly HostFrame _whole = new(new byte[LargestFrame]);
    private readonly HostFrame _piece = new(new byte[LargestMtu + FrameHead.EthernetSize + FrameHead.TagSize]);
    private Arch.SpinLock _lock;
    private Arch.SpinLock _roomLock;

    /// <summary>Makes a switch without ports.</summary>
    /// <param name="name">What people call it.</param>
    /// <param name="clock">Time.</param>
    public NetworkSwitch(ReadOnlySpan<byte> name, NetworkClock clock)
    {
        _name = new byte[name.Length];
        name.CopyTo(_name);
        _clock = clock;
        Decider = new VirtualSwitch(clock.Frequency);
        for (int i = 0; i < _ports.Length; i++)
        {
            _ports[i] = new Port();
        }
    }

    /// <summary>Most bytes that a frame can carry, but for large frames of TCP.</summary>
    public const uint LargestMtu = 9216;

    /// <summary>What people call it.</summary>
    public ReadOnlySpan<byte> Name => _name;

    /// <summary>Who gets what; with the ports' numbers. To be looked at, and its numbers may change meanwhile.</summary>
    public VirtualSwitch Decider { get; }

    /// <summary>Where frames are recorded; null while nobody wants it.</summary>
    public NetworkCapture? Capture { get; set; }

    /// <summary>Its number in captures.</summary>
    public byte Number { get; set; }

    /// <summary>Connects somebody, with the link up.</summary>
    /// <returns>False where there is no room, or where another one has that MAC address.</returns>
    public bool TryAttach(NetworkReceiver receiver, PortSettings settings, bool isUplink, out int port)
    {
        _lock.Enter();
        bool isAttached = Decider.TryAttach(settings, isUplink, _clock.Now, out port);
        _lock.Exit();
        if (!isAttached)
        {
            return false;
        }

        Port place = _ports[port];
        place.Lock.Enter();
        place.Receiver = receiver;
        place.Settings = settings;
        place.Lock.Exit();
        return true;
    }

    /// <summary>Disconnects somebody.</summary>
    public void Detach(int port)
    {
        _lock.Enter();
        Decider.Detach(port);
        _lock.Exit();
        Port place = _ports[port];
        place.Lock.Enter();
        place.Receiver = null;
        place.Settings = null;
        place.Lock.Exit();
    }

    /// <summary>Puts a link up or down.</summary>
    public void SetLink(int port, bool isUp)
    {
        _lock.Enter();
        Decider.SetUp(port, isUp);
        _lock.Exit();
        Port place = _ports[port];
        place.Lock.Enter();
        place.Receiver?.LinkChanged(isUp);
        place.Lock.Exit();
    }

    /// <summary>Counts a frame that was none.</summary>
    public void Drop(int port, DropReason reason)
    {
        _lock.Enter();
        Decider.Drop(port, reason);
        _lock.Exit();
    }

    /// <summary>Takes a frame.</summary>
    /// <param name="port">Where it comes in.</param>
    /// <param name="frame">The frame, what is left to be done with it checked.</param>
    /// <param name="start">Its first bytes.</param>
    /// <param name="touched">Ports that are to be flushed some time soon, beside those that were already.</param>
    /// <param name="isBad">Whether the sender has named memory that it does not have.</param>
    /// <returns>How much work that was, in frames of a page or less.</returns>
    public int Send(int port, NetworkFrame frame, ReadOnlySpan<byte> start, ref ulong touched, out bool isBad)
    {
        isBad = false;
        if (!FrameHead.TryRead(start, out frame.Head))
        {
            Drop(port, DropReason.Malformed);
            return 1;
        }

        frame.Begin(0, false);
        uint length = frame.Length;
        ulong now = _clock.Now;
        _lock.Enter();
        ulong targets = Decider.Forward(port, frame.Head, length, now, out uint vlan, out DropReason reason);
        _lock.Exit();
        isBad = Capture is NetworkCapture capture && !capture.TryRecord(Number, port, frame, reason, now);
        touched |= targets;
        int work = 1;
        for (; targets != 0 && !isBad; targets &= targets - 1)
        {
            isBad = !TryDeliver(_ports[BitOperations.TrailingZeroCount(targets)], BitOperations.TrailingZeroCount(targets), frame, vlan);
            work += 1 + (int)(length >> 12);
        }

        return work;
    }

    /// <summary>Lets receivers know. The caller holds no lock.</summary>
    public void Flush(ulong touched)
    {
        for (; touched != 0; touched &= touched - 1)
        {
            Port port = _ports[BitOperations.TrailingZeroCount(touched)];
            port.Lock.Enter();
            port.Receiver?.Flush();
            port.Lock.Exit();
        }
    }

    private bool TryDeliver(Port port, int number, NetworkFrame frame, uint vlan)
    {
        port.Lock.Enter();
        ReceiveOutcome outcome = ReceiveOutcome.Unwanted;
        PortStatistics statistics = Decider.StatisticsOf(number);
        if (port.Receiver is NetworkReceiver receiver)
        {
            frame.Begin(vlan, port.Settings!.IsTagged(vlan));
            outcome = receiver.Takes(frame.Offload) ? Give(receiver, port.Settings, statistics, frame) : Help(receiver, port.Settings, statistics, frame);
        }
        else
        {
            statistics.Drops[(int)DropReason.Unwanted]++;
        }

        port.Lock.Exit();
        return outcome != ReceiveOutcome.BadFrame;
    }

    private static ReceiveOutcome Give(NetworkReceiver receiver, PortSettings settings, PortStatistics statistics, NetworkFrame frame)
    {
        bool fits = frame.Offload.Segmentation != 0 || frame.Length <= settings.Mtu + FrameHead.EthernetSize + FrameHead.TagSize;
        ReceiveOutcome outcome = fits ? receiver.Receive(frame) : ReceiveOutcome.Unwanted;
        if (outcome == ReceiveOutcome.Done)
        {
            statistics.FramesOut++;
            statistics.BytesOut += frame.Length;
        }
        else
        {
            statistics.Drops[(int)(outcome == ReceiveOutcome.NoBuffer ? DropReason.NoBuffer : DropReason.Unwanted)]++;
        }

        return outcome;
    }

    /// <summary>Does what the receiver cannot.</summary>
    private ReceiveOutcome Help(NetworkReceiver receiver, PortSettings settings, PortStatistics statistics, NetworkFrame frame)
    {
        _roomLock.Enter();
        ReceiveOutcome outcome = HelpHeld(receiver, settings, statistics, frame);
        _roomLock.Exit();
        return outcome;
    }

    private ReceiveOutcome HelpHeld(NetworkReceiver receiver, PortSettings settings, PortStatistics statistics, NetworkFrame frame)
    {
        int length = (int)frame.Length;
        Span<byte> whole = _whole.Room;
        if (length > whole.Length || !frame.TryRead(whole.Slice(0, length)))
        {
            return ReceiveOutcome.BadFrame;
        }

        whole = whole.Slice(0, length);
        FrameOffload offload = frame.Offload;
        offload.ChecksumStart = (ushort)(offload.ChecksumStart + frame.Moved);
        if (!offload.IsSound((uint)length))
        {
            return ReceiveOutcome.Unwanted;
        }

        HostFrame made = offload.Segmentation == 0 ? _whole : _piece;
        made.Offload = default;
        made.Head = frame.Head;
        made.Vlan = frame.Vlan;
        if (offload.Segmentation == 0)
        {
            InternetChecksum.Fill(whole, offload);
            made.Open(length);
            return Give(receiver, settings, statistics, made);
        }

        Span<byte> piece = _piece.Room;
        ReceiveOutcome outcome = ReceiveOutcome.Unwanted;
        if (!TcpSegments.TryBegin(whole, offload, out TcpSegments segments) || segments.Largest > piece.Length)
        {
            statistics.Drops[(int)DropReason.Unwanted]++;
            return outcome;
        }

        for (int size = segments.Next(piece); size != 0; size = segments.Next(piece))
        {
            made.Open(size);
            outcome = Give(receiver, settings, statistics, made);
            if (outcome != ReceiveOutcome.Done)
            {
                break; // the others would arrive too, but out of order
            }
        }

        return outcome;
    }

    private sealed class Port
    {
        internal Arch.SpinLock Lock;
        internal NetworkReceiver? Receiver;
        internal PortSettings? Settings;
    }
}

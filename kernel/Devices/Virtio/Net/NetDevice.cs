using System;
using System.Buffers.Binary;
using System.Threading;
using SharpVisor.Network;

namespace SharpVisor.Devices.Virtio;

/// <summary>The network device (virtio 1.2, 5.1), at a port of a switch.</summary>
/// <remarks>
/// <para>
/// What its driver sends is copied from there into the receivers' buffers in one go, while the sender's queue is held. A receiver
/// without buffers loses the frame and never makes the sender wait. Both sides are told when the turn is over.
/// </para>
/// <para>Pairs of queues: reception is spread over them by connection, one pair until the driver asks for more.</para>
/// </remarks>
public sealed partial class NetDevice : VirtioDevice
{
    /// <summary>Most pairs of queues.</summary>
    public const int MaximumPairs = 8;

    private const uint DeviceId = 1;
    private const uint QueueSize = 256;
    private const uint ControlSize = 16;
    private const int WorkPerTurn = 64;
    private const int MostBuffers = 64; // of a received frame: 64 KiB in buffers of 1 KiB
    private const int BounceSize = 4096;

    private const int LinkUp = 1;
    private const int AnnounceWanted = 2;

    // Bytes of a large frame of TCP: 64 KiB and what is before that.
    private const uint LargestTcp = 65_535 + FrameHead.EthernetSize + FrameHead.TagSize;

    private readonly DeviceMemory _memory;
    private readonly NetworkSwitch _switch;
    private readonly PortSettings _settings;
    private readonly NetReceiver _receiver;
    private readonly GuestFrame[] _frames;
    private readonly DescriptorChain _received = new((int)QueueSize);
    private readonly DescriptorChain _control = new((int)ControlSize);
    private readonly ReceiveFilter _filter = new();
    private readonly QueueTicket[] _tickets = new QueueTicket[MostBuffers];
    private readonly uint[] _written = new uint[MostBuffers];
    private readonly byte[] _bounce = new byte[BounceSize];
    private readonly int _pairs;
    private int _activePairs = 1;
    private int _status = LinkUp;
    private ulong _offloads;
    private ulong _touched;
    private uint _toTell; // queues with something to tell, by bit of the pair

    /// <summary>Makes a device, connected to nothing.</summary>
    /// <param name="memory">The guest's.</param>
    /// <param name="network">The switch that it will be connected to.</param>
    /// <param name="settings">Of its port; its MAC address is not 0.</param>
    /// <param name="pairs">Pairs of queues, 1 to <see cref="MaximumPairs"/>.</param>
    /// <param name="withheld">Features that it is not to offer, with those that need them.</param>
    public NetDevice(DeviceMemory memory, NetworkSwitch network, PortSettings settings, int pairs, ulong withheld = 0)
        : base(DeviceId, Offered(settings, pairs > 1, withheld), MakeQueues(memory, pairs))
    {
        _memory = memory;
        _switch = network;
        _settings = settings;
        _pairs = pairs;
        _filter.Mac = settings.Mac;
        _receiver = new NetReceiver(this);
        _frames = new GuestFrame[pairs];
        for (int i = 0; i < pairs; i++)
        {
            _frames[i] = new GuestFrame(memory, (int)QueueSize);
        }
    }

    /// <summary>Number of its port; -1 while it is connected to nothing.</summary>
    public int Port { get; private set; } = -1;

    /// <summary>The switch that it is, or will be, connected to.</summary>
    public NetworkSwitch Network => _switch;

    /// <summary>What its port may do.</summary>
    public PortSettings Settings => _settings;

    /// <summary>Pairs of queues that it has.</summary>
    public int Pairs => _pairs;

    /// <summary>Connects it. False where the switch has no room, or another one with that MAC address.</summary>
    public bool TryConnect()
    {
        bool isConnected = _switch.TryAttach(_receiver, _settings, isUplink: false, out int port);
        Port = isConnected ? port : -1;
        return isConnected;
    }

    /// <summary>Disconnects it. Nothing comes to it afterwards.</summary>
    public void Disconnect()
    {
        if (Port >= 0)
        {
            _switch.Detach(Port);
            Port = -1;
        }
    }

    /// <inheritdoc/>
    public override uint ReadConfig(uint index) => index switch
    {
        0 => SwapMac(16),
        1 => (SwapMac(0) >> 16) | ((uint)Volatile.Read(ref _status) << 16),
        2 => (uint)_pairs | _settings.Mtu << 16,
        3 => uint.MaxValue, // speed: not known
        4 => 0xff, // nor duplex
        _ => 0,
    };

    /// <inheritdoc/>
    public override bool Accepts(ulong features) => (features & ~Consistent(features)) == 0;

    /// <inheritdoc/>
    public override void Start() => Volatile.Write(ref _offloads, Features & NetFeatures.GuestOffloads);

    /// <inheritdoc/>
    public override void SuspendQueue(int queue)
    {
    }

    /// <inheritdoc/>
    public override void ResetQueue(int queue)
    {
    }

    /// <inheritdoc/>
    public override void Reset()
    {
        _filter.Reset();
        _filter.Mac = _settings.Mac;
        Volatile.Write(ref _activePairs, 1);
        Volatile.Write(ref _offloads, 0);
        Interlocked.And(ref _status, ~AnnounceWanted);
    }

    /// <inheritdoc/>
    public override void Save(ref StateWriter state)
    {
        state.Add((uint)_activePairs | _offloads << 32);
        _filter.Save(ref state);
    }

    /// <inheritdoc/>
    public override bool TryRestore(ref StateReader state)
    {
        ulong word = state.Take();
        uint pairs = (uint)word & 0xffff;
        _filter.Restore(ref state);
        if (pairs - 1 >= (uint)_pairs)
        {
            return false;
        }

        _activePairs = (int)pairs;
        _offloads = word >> 32 & Features & NetFeatures.GuestOffloads;
        if ((Features & NetFeatures.Announce) != 0)
        {
            Interlocked.Or(ref _status, AnnounceWanted); // it may be somewhere else now
        }

        return true;
    }

    /// <inheritdoc/>
    public override bool Work(int queue)
    {
        if (queue == AfterAll)
        {
            HasNews = false; // before the look: what comes behind it is told again
            _switch.Flush(Interlocked.Exchange(ref _touched, 0));
            return true;
        }

        if (queue == ((Features & NetFeatures.MultiQueue) != 0 ? 2 * _pairs : 2))
        {
            return (Features & NetFeatures.ControlQueue) == 0 || WorkControl(queue);
        }

        if ((queue & 1) == 0)
        {
            Queues[queue].Ignore(); // a buffer is looked for when there is something for it
            return true;
        }

        return Transmit(queue);
    }

    private bool Transmit(int queue)
    {
        Virtqueue ring = Queues[queue];
        GuestFrame frame = _frames[queue >> 1];
        Span<byte> start = stackalloc byte[FrameHead.Size];
        ulong touched = 0;
        bool isDone = false;
        for (int work = WorkPerTurn; work > 0;)
        {
            if (!ring.TryTakeOrWatch(frame.Chain))
            {
                isDone = true;
                break;
            }

            int known = frame.Open(start);
            bool isBad = known < 0;
            if (!isBad)
            {
                work -= Send(frame, start.Slice(0, known), ref touched, out isBad);
            }

            if (isBad)
            {
                ring.Break();
                isDone = true;
                break;
            }

            ring.Complete(frame.Chain.Ticket, 0);
        }

        ring.Publish();
        if (touched != 0)
        {
            Interlocked.Or(ref _touched, touched);
            HasNews = true;
        }

        return isDone;
    }

    private int Send(GuestFrame frame, ReadOnlySpan<byte> start, ref ulong touched, out bool isBad)
    {
        isBad = false;
        if (Port < 0)
        {
            return 1;
        }

        if (start.IsEmpty)
        {
            _switch.Drop(Port, DropReason.Malformed);
            return 1;
        }

        FrameOffload offload = frame.Offload;
        uint length = frame.Length;
        frame.Offload.Flags &= FrameOffload.NeedsChecksum; // that checksums are right is not for a guest to say
        bool isLarge = offload.Segmentation != 0;
        if (!NetFeatures.MaySend(Features, offload) || !offload.IsSound(length))
        {
            _switch.Drop(Port, DropReason.Malformed);
            return 1;
        }

        if (length > (isLarge ? LargestTcp : _settings.Mtu + FrameHead.EthernetSize + FrameHead.TagSize) || (isLarge && offload.SegmentSize > _settings.Mtu))
        {
            _switch.Drop(Port, DropReason.TooLong);
            return 1;
        }

        return _switch.Send(Port, frame, start, ref touched, out isBad);
    }

    // Who is held to an address is not offered another one.
    private static ulong Offered(PortSettings settings, bool hasPairs, ulong withheld)
    {
        ulong all = VirtioFeatures.Transport | NetFeatures.Offered
            | (hasPairs ? NetFeatures.MultiQueue : 0) | (settings.AllowsSpoofing ? NetFeatures.ControlMac : 0);
        return Consistent(all & ~(withheld & ~VirtioFeatures.Version1));
    }

    /// <summary>The features without those that need others which are not there (5.1.3.1).</summary>
    private static ulong Consistent(ulong features)
    {
        const ulong control = NetFeatures.ControlReceive | NetFeatures.ControlVlan | NetFeatures.ControlReceiveExtra
            | NetFeatures.Announce | NetFeatures.MultiQueue | NetFeatures.ControlMac | NetFeatures.ControlOffloads;
        const ulong sending = NetFeatures.HostTcpV4 | NetFeatures.HostTcpV6;
        const ulong receiving = NetFeatures.GuestTcpV4 | NetFeatures.GuestTcpV6;
        features &= (features & NetFeatures.ControlQueue) != 0 ? ulong.MaxValue : ~control;
        features &= (features & NetFeatures.Checksum) != 0 ? ulong.MaxValue : ~sending;
        features &= (features & NetFeatures.GuestChecksum) != 0 ? ulong.MaxValue : ~receiving;
        features &= (features & sending) != 0 ? ulong.MaxValue : ~NetFeatures.HostEcn;
        return (features & receiving) != 0 ? features : features & ~NetFeatures.GuestEcn;
    }

    private uint SwapMac(int shift) => BinaryPrimitives.ReverseEndianness((uint)(_filter.Mac >> shift));

    private static Virtqueue[] MakeQueues(DeviceMemory memory, int pairs)
    {
        var queues = new Virtqueue[(2 * pairs) + 1];
        for (int i = 0; i < queues.Length; i++)
        {
            queues[i] = new Virtqueue(memory, i == 2 * pairs ? ControlSize : QueueSize);
        }

        return queues;
    }

    private sealed class NetReceiver(NetDevice device) : NetworkReceiver
    {
        public override bool Takes(in FrameOffload offload) => NetFeatures.MayReceive(Volatile.Read(ref device._offloads), offload);

        public override ReceiveOutcome Receive(NetworkFrame frame) => device.Receive(frame);

        public override void Flush() => device.FlushReceived();

        public override void LinkChanged(bool isUp) => device.SetLink(isUp);
    }
}

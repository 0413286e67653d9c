using System;

namespace SharpVisor.Drivers;

/// <summary>
/// A virtio network device (virtio 1.2, 5.1) with one pair of queues and frames of up to 1514 bytes, or 1518 with a tag. What
/// could be left to the device to be done to a frame is not.
/// </summary>
/// <remarks>Its owner does the locking: one for what is sent, one for what is received.</remarks>
public sealed unsafe class VirtioNet
{
    /// <summary>The device's number (virtio 1.2, 5).</summary>
    public const uint DeviceId = 1;

    /// <summary>Largest frame.</summary>
    public const int LargestFrame = 1518;

    /// <summary>Bytes of memory that it needs.</summary>
    public const ulong MemorySize = ZeroedSize + (2 * Buffers * BufferSize);

    /// <summary>Bytes at the begin of them that must be zero.</summary>
    public const ulong ZeroedSize = 2 * SplitQueue.MemorySize;

    private const int Buffers = 64;
    private const int BufferSize = 2048;
    private const int Receiving = 0;
    private const int Sending = 1;
    private const ulong FeatureMac = 1 << 5;

    private readonly VirtioRegisters _registers;
    private readonly SplitQueue _received;
    private readonly SplitQueue _sent;
    private readonly ulong _receiveMemory;
    private readonly ulong _sendMemory;
    private readonly uint[] _free = new uint[Buffers];
    private readonly int _headerSize;
    private int _freeCount;

    private VirtioNet(VirtioRegisters registers, ulong memory)
    {
        _registers = registers;
        _headerSize = registers.IsLegacy ? 10 : 12; // without mergeable buffers a legacy device has no number of them
        _received = new SplitQueue(memory, Buffers);
        _sent = new SplitQueue(memory + SplitQueue.MemorySize, Buffers);
        _receiveMemory = memory + ZeroedSize;
        _sendMemory = _receiveMemory + (Buffers * BufferSize);
        for (uint i = 0; i < Buffers; i++)
        {
            _free[i] = i;
        }

        _freeCount = Buffers;
    }

    /// <summary>INTID of its interrupt.</summary>
    public uint Interrupt => _registers.Interrupt;

    /// <summary>Starts the device. It interrupts for what it has received.</summary>
    /// <param name="registers">A device with the number <see cref="DeviceId"/>.</param>
    /// <param name="memory"><see cref="MemorySize"/> bytes, the first <see cref="ZeroedSize"/> zero, aligned to a page, at the same address for the device.</param>
    /// <param name="device">The driver.</param>
    /// <returns>False where it does not work.</returns>
    public static bool TryStart(VirtioRegisters registers, ulong memory, out VirtioNet? device)
    {
        device = null;
        if (!registers.TryBegin(FeatureMac, out _) || registers.LargestQueue(Receiving) < Buffers || registers.LargestQueue(Sending) < Buffers)
        {
            registers.GiveUp();
            return false;
        }

        device = new VirtioNet(registers, memory);
        registers.LargestQueue(Receiving);
        registers.SetQueue(Receiving, device._received);
        registers.SetQueue(Sending, device._sent);
        registers.Start();
        device._sent.DisableInterrupt();
        for (uint i = 0; i < Buffers; i++)
        {
            device.GiveBack(i);
        }

        device.PublishReceived();
        return true;
    }

    /// <summary>Room for a frame that is to be sent; empty where none is free.</summary>
    /// <param name="slot">Its number, for <see cref="Send"/>.</param>
    public Span<byte> Reserve(out uint slot)
    {
        for (int i = 0; i < Buffers && _sent.TryTake(out uint done, out _); i++)
        {
            _free[_freeCount++] = done;
        }

        if (_freeCount == 0)
        {
            slot = 0;
            return default;
        }

        slot = _free[_freeCount - 1];
        return new Span<byte>((void*)(_sendMemory + (slot * BufferSize) + (ulong)_headerSize), LargestFrame);
    }

    /// <summary>Sends the frame in the room that was reserved last, with the next <see cref="Publish"/>.</summary>
    public void Send(uint slot, int length)
    {
        ulong buffer = _sendMemory + (slot * BufferSize);
        new Span<byte>((void*)buffer, _headerSize).Clear();
        _freeCount--;
        _sent.TryAdd(buffer, (uint)(_headerSize + length), isForDevice: false, slot);
    }

    /// <summary>Tells the device of what is to be sent.</summary>
    public void Publish()
    {
        if (_sent.Publish())
        {
            _registers.Notify(Sending);
        }
    }

    /// <summary>The device interrupts: ends that.</summary>
    public void TakeInterrupt() => _registers.TakeInterrupt();

    /// <summary>Takes a frame. It is to be given back.</summary>
    /// <param name="slot">Its number, for <see cref="GiveBack"/>.</param>
    /// <param name="frame">Its bytes, which the device does not touch any more; none where it sent none.</param>
    public bool TryReceive(out uint slot, out ReadOnlySpan<byte> frame)
    {
        frame = default;
        if (!_received.TryTake(out slot, out uint length))
        {
            return false;
        }

        if (length > (uint)_headerSize && length <= BufferSize)
        {
            frame = new ReadOnlySpan<byte>((void*)(_receiveMemory + (slot * BufferSize) + (ulong)_headerSize), (int)length - _headerSize);
        }

        return true;
    }

    /// <summary>Gives a buffer back, with the next <see cref="PublishReceived"/>.</summary>
    public void GiveBack(uint slot) => _received.TryAdd(_receiveMemory + (slot * BufferSize), BufferSize, isForDevice: true, slot);

    /// <summary>Shows the device the buffers that were given back.</summary>
    public void PublishReceived()
    {
        if (_received.Publish())
        {
            _registers.Notify(Receiving);
        }
    }
}

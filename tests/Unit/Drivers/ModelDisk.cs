using System;
using System.Collections.Generic;
using SharpVisor.Drivers;

namespace SharpVisor.Tests.Unit.Drivers;

/// <summary>A virtio disk at the level of registers and queue, that does its requests when it is told to, in any order.</summary>
internal sealed unsafe class ModelDisk : VirtioRegisters
{
    private const ulong VersionOne = 1ul << 32;

    private readonly List<(int Head, List<VirtioBuffer> Buffers)> _held = [];
    private ModelQueue? _queue;
    private uint _status;

    public ulong Features { get; set; } = VersionOne | (1 << 6) | (1 << 9) | (1 << 10) | (1 << 13) | (1 << 14) | (1 << 28) | (1 << 29);

    public ulong Agreed { get; private set; }

    public byte[] Contents { get; } = new byte[512 << 10];

    public string Serial { get; init; } = "model";

    public uint BlockSize { get; init; } = 512;

    public uint MostErased { get; init; } = 64;

    public int QueueSize { get; init; } = 16;

    public bool IsSilent { get; set; }

    public bool AsksForReset { get; set; }

    public bool HasFailed => (_status & 128) != 0;

    public int Held => _held.Count;

    public int Flushes { get; private set; }

    public Func<int, byte>? Answer { get; set; }

    public ModelQueue Queue => _queue!;

    public override uint DeviceId => 2;

    public override uint Interrupt => 80;

    public override bool IsLegacy => (Features & VersionOne) == 0;

    protected override uint Status
    {
        get => _status | (AsksForReset ? 64u : 0);
        set
        {
            _status = value;
            if (value == 0)
            {
                _held.Clear();
                _queue = null;
                AsksForReset = false;
            }
        }
    }

    public override int LargestQueue(int queue) => queue == 0 ? QueueSize : 0;

    public override void SetQueue(int index, SplitQueue queue) => _queue = new ModelQueue(queue);

    public override void Notify(int queue)
    {
        Collect();
        if (!IsSilent)
        {
            DoAll();
        }
    }

    public override uint TakeInterrupt() => 1;

    public override byte ReadConfiguration8(int offset) => (byte)(ReadConfiguration32(offset & ~3) >> (8 * (offset & 3)));

    public override uint ReadConfiguration32(int offset) => offset switch
    {
        0 => (uint)Contents.Length / 512,
        20 => BlockSize,
        24 => 0,
        36 or 48 => MostErased,
        _ => 0,
    };

    public override ulong ReadConfiguration64(int offset) => ReadConfiguration32(offset) | ((ulong)ReadConfiguration32(offset + 4) << 32);

    protected override ulong ReadFeatures() => Features;

    protected override void WriteFeatures(ulong features) => Agreed = features;

    /// <summary>Takes what the driver has made available.</summary>
    public void Collect()
    {
        while (_queue is not null && _queue.TryPop(out int head, out List<VirtioBuffer> buffers))
        {
            _held.Add((head, buffers));
        }

        if ((Agreed & (1 << 29)) != 0)
        {
            _queue?.AskByIndex();
        }
    }

    public void DoAll()
    {
        while (_held.Count != 0)
        {
            Do(0);
        }
    }

    /// <summary>Does one of the requests that it has.</summary>
    public void Do(int place)
    {
        (int head, List<VirtioBuffer> buffers) = _held[place];
        _held.RemoveAt(place);
        uint type = *(uint*)buffers[0].Address;
        ulong sector = *(ulong*)(buffers[0].Address + 8);
        if (buffers[0].Length != 16 || buffers[0].IsForDevice || buffers[^1].Length != 1 || !buffers[^1].IsForDevice)
        {
            throw new InvalidOperationException("a request without its header or status");
        }

        byte status = Answer?.Invoke((int)type) ?? 0;
        uint written = 1;
        if (status == 0)
        {
            written += Do(type, sector, buffers);
        }

        *(byte*)buffers[^1].Address = status;
        _queue!.Push((uint)head, written);
    }

    private uint Do(uint type, ulong sector, List<VirtioBuffer> buffers)
    {
        if (type == 4)
        {
            Flushes++;
            return 0;
        }

        VirtioBuffer data = buffers[1];
        var memory = new Span<byte>((void*)data.Address, (int)data.Length);
        switch (type)
        {
            case 0:
                Contents.AsSpan((int)sector * 512, memory.Length).CopyTo(memory);
                return data.Length;
            case 1:
                memory.CopyTo(Contents.AsSpan((int)sector * 512));
                return 0;
            case 8:
                memory.Clear();
                System.Text.Encoding.ASCII.GetBytes(Serial).AsSpan().CopyTo(memory);
                return data.Length;
            case 11 or 13:
                Contents.AsSpan((int)*(ulong*)data.Address * 512, (int)*(uint*)(data.Address + 8) * 512).Clear();
                return 0;
            default:
                throw new InvalidOperationException("a request of an unknown kind");
        }
    }
}

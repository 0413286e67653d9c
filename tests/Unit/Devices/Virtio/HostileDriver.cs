using System;
using System.Buffers.Binary;
using SharpVisor.Devices.Virtio;

namespace SharpVisor.Tests.Unit.Devices.Virtio;

/// <summary>
/// A driver that does what it may and what it may not: it sets a device up, mostly, then writes nonsense that looks like
/// rings and tables into its memory, and anything into registers, in any order. What must hold whatever it does is
/// looked at after each step.
/// </summary>
internal sealed class HostileDriver
{
    private const ulong RamStart = 0x4000_0000;
    private const int RamSize = 0x6000;
    private const uint AreaSize = 0x400;

    /// <summary>More looks into memory than this at one notification is a hang.</summary>
    private const int MostAccesses = 200_000;

    private static readonly uint[] s_registers =
    [
        0x00, 0x04, 0x08, 0x0c, 0x10, 0x14, 0x20, 0x24, 0x30, 0x34, 0x38, 0x44, 0x50, 0x60, 0x64, 0x70,
        0x80, 0x84, 0x90, 0x94, 0xa0, 0xa4, 0xac, 0xb0, 0xb4, 0xb8, 0xbc, 0xc0, 0xfc, 0x100, 0x104, 0x108, 0x10c,
    ];

    private readonly ByteMemory _memory = new(RamStart, RamSize);
    private readonly VirtioDevice _device;
    private readonly VirtioTransport _transport;
    private readonly RecordingLine _line = new();
    private readonly DirectRunner _runner = new() { MostTurns = 64 };
    private readonly ulong[] _state = new ulong[256];
    private FuzzRandom _random = new(0);
    private ulong _features;
    private int _done;

    private readonly Action<byte[]>? _prepare;
    private readonly Action<ulong>? _stimulate;

    /// <param name="make">Makes the device.</param>
    /// <param name="prepare">Fills memory with what the device knows.</param>
    /// <param name="stimulate">Lets something come to the device from behind.</param>
    internal HostileDriver(Func<ByteMemory, VirtioDevice> make, Action<byte[]>? prepare = null, Action<ulong>? stimulate = null)
    {
        _prepare = prepare;
        _stimulate = stimulate;
        _device = make(_memory);
        _transport = new VirtioTransport(_device, _line, _runner);
    }

    /// <summary>Requests that were completed in all cases, to see that the nonsense is not too much nonsense.</summary>
    internal long Interrupts { get; private set; }

    /// <summary>Times that the device gave up.</summary>
    internal long GaveUp { get; private set; }

    /// <summary>One case.</summary>
    internal void Run(ulong seed)
    {
        _random = new FuzzRandom(seed);
        _transport.Reset(-1);
        _memory.Released.Clear();
        Array.Clear(_memory.Bytes);
        _prepare?.Invoke(_memory.Bytes);
        if (!_random.OneIn(16))
        {
            SetUp();
        }

        uint steps = 4 + _random.Below(24);
        for (uint i = 0; i < steps; i++)
        {
            bool wasBroken = _transport.NeedsReset;
            _done = _memory.Done + _memory.Refused;
            Step(wasBroken);
            Check();
        }

        Interrupts += (_transport.Read(0x60, 4) & 1) != 0 ? 1 : 0;
        GaveUp += _transport.NeedsReset ? 1 : 0;
    }

    private void SetUp()
    {
        _features = VirtioFeatures.Version1 | (_device.OfferedFeatures & _random.Next());
        if (!_device.Accepts(_features) && !_random.OneIn(16))
        {
            _features |= _device.OfferedFeatures & 0xffffff; // some need others
        }

        Write(0x70, 1);
        Write(0x70, 3);
        Write(0x24, 0);
        Write(0x20, (uint)_features);
        Write(0x24, 1);
        Write(0x20, (uint)(_features >> 32));
        Write(0x70, 11);
        for (uint i = 0; i < (uint)_device.Queues.Length; i++)
        {
            Write(0x30, i);
            Write(0x38, _random.OneIn(12) ? _random.Below(70) : 8u << (int)_random.Below(3));
            Write(0x80, Area(i, 0));
            Write(0x90, Area(i, 1));
            Write(0xa0, Area(i, 2));
            Write(0x44, _random.OneIn(16) ? 0u : 1);
        }

        Write(0x70, 15);
    }

    // Three areas a queue, 1 KiB each: descriptors, driver, device; now and then somewhere else.
    private uint Area(uint queue, uint which)
    {
        uint address = (uint)RamStart + (((queue * 3) + which) * AreaSize % RamSize);
        return _random.OneIn(40) ? address + _random.Below(RamSize * 2) - (RamSize / 2) : address;
    }

    private void Step(bool wasBroken)
    {
        switch (_random.Below(16))
        {
            case < 4:
                uint queue = _random.Below((uint)_device.Queues.Length + 1);
                Write(0x50, queue);
                if (wasBroken)
                {
                    Expect(_memory.Done + _memory.Refused == _done, "a device that gave up looked at memory");
                }

                break;
            case < 9:
                MakeAvailable();
                break;
            case 9:
                Scribble16(_random.Below(RamSize), (ushort)_random.Next());
                break;
            case 10:
                ScribbleDescriptor(_random.Below(RamSize / 16) * 16);
                break;
            case 11:
                uint register = _random.OneIn(8) ? _random.Below(0x200) : s_registers[_random.Below((uint)s_registers.Length)];
                _transport.Write((int)_random.Below(8), register, 1 << (int)_random.Below(4), Value());
                break;
            case 12:
                _transport.Read(_random.Below(0x200), 1 << (int)_random.Below(4));
                break;
            case 13 when _device is BalloonDevice balloon:
                balloon.SetTarget((uint)_random.Next(), -1);
                balloon.AskForStatistics(-1);
                break;
            case 13 when _stimulate is not null:
            case 15 when _stimulate is not null:
                _stimulate(_random.Next());
                break;
            case 14 when _random.OneIn(4):
                SaveAndRestore();
                break;
            default:
                Write(0x64, _random.Below(4));
                break;
        }
    }

    /// <summary>A request, or what looks like one, into one of the queues' rings.</summary>
    private void MakeAvailable()
    {
        uint queue = _random.Below((uint)_device.Queues.Length);
        uint areas = queue * 3 * AreaSize % RamSize;
        for (uint i = 0; i <= _random.Below(4); i++)
        {
            ScribbleDescriptor(areas + (16 * (_random.OneIn(2) ? i : _random.Below(8))));
        }

        if ((_features & VirtioFeatures.PackedRing) != 0)
        {
            return;
        }

        uint driver = (areas + AreaSize) % RamSize;
        Scribble16(driver + 4 + (2 * _random.Below(8)), _random.OneIn(30) ? (ushort)_random.Next() : (ushort)_random.Below(8));
        ushort index = BinaryPrimitives.ReadUInt16LittleEndian(_memory.Bytes.AsSpan((int)driver + 2));
        Scribble16(driver + 2, _random.OneIn(30) ? (ushort)_random.Next() : (ushort)(index + _random.Below(3)));
    }

    private void ScribbleDescriptor(uint offset)
    {
        if (offset + 16 > RamSize)
        {
            return;
        }

        Span<byte> at = _memory.Bytes.AsSpan((int)offset);
        ulong address = _random.Below(40) switch
        {
            0 => _random.Next(),
            1 => RamStart + RamSize - _random.Below(64),
            2 => RamStart - _random.Below(64),
            _ => RamStart + (_random.Below(RamSize / 16) * 16),
        };
        uint length = _random.Below(24) switch
        {
            0 => (uint)_random.Next(),
            1 => 0,
            2 => 4096 * _random.Below(4),
            _ => 16 * _random.Below(12),
        };
        BinaryPrimitives.WriteUInt64LittleEndian(at, address);
        BinaryPrimitives.WriteUInt32LittleEndian(at[8..], length);
        uint flags = _random.OneIn(30) ? (uint)_random.Next() : (_random.Below(4) == 0 ? 1u : 0) | (_random.Below(2) * 2) | (_random.OneIn(6) ? 4u : 0);
        if ((_features & VirtioFeatures.PackedRing) != 0)
        {
            flags |= _random.Below(3) == 0 ? 0x8000u : 0x80;
            BinaryPrimitives.WriteUInt32LittleEndian(at[12..], _random.Below(70000) | (flags << 16));
        }
        else
        {
            BinaryPrimitives.WriteUInt32LittleEndian(at[12..], (flags & 0xffff) | (_random.Below(10) << 16));
        }
    }

    private void Scribble16(uint offset, ushort value)
    {
        if (offset + 2 <= RamSize)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(_memory.Bytes.AsSpan((int)offset), value);
        }
    }

    private ulong Value() => _random.Below(5) switch
    {
        0 => _random.Next(),
        1 => 0,
        2 => 1,
        3 => RamStart + _random.Below(RamSize),
        _ => _random.Below(300),
    };

    private void SaveAndRestore()
    {
        StateWriter writer = new(_state);
        _transport.Save(ref writer);
        Expect(writer.IsComplete, "the state is longer than it may be");
        if (_random.OneIn(4))
        {
            _state[_random.Below((uint)writer.Count)] = Value();
        }

        StateReader reader = new(_state);
        bool isRestored = _transport.TryRestore(ref reader);
        Expect(isRestored || _transport.Read(0x70, 4) == 0, "a state that was refused left something behind");
        _transport.Resume();
        for (int i = 0; i < 8 && !_transport.Work(-1); i++)
        {
        }
    }

    private void Check()
    {
        uint status = (uint)_transport.Read(0x70, 4);
        uint interrupts = (uint)_transport.Read(0x60, 4);
        Expect((status & ~0xcfu) == 0, "a status bit that there is not");
        Expect((status & 4) == 0 || (status & 8) != 0, "a driver that is ready without features");
        Expect((interrupts & ~3u) == 0, "an interrupt bit that there is not");
        Expect(_line.Level != 0 == (interrupts != 0), "the wire is not what the register says");
        Expect(_memory.Done + _memory.Refused - _done < MostAccesses, "too many looks into memory");
        if (status == 0)
        {
            Expect(_device.Features == 0, "features that a reset left");
        }
    }

    private void Write(uint offset, uint value) => _transport.Write(0, offset, 4, value);

    private static void Expect(bool holds, string what)
    {
        if (!holds)
        {
            throw new InvalidOperationException(what);
        }
    }
}

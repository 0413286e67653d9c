using System;
using System.Linq;
using CsCheck;
using SharpVisor.Devices;
using Xunit;

namespace SharpVisor.Tests.Unit.Devices;

public sealed class Pl061Tests
{
    private const uint Direction = 0x400;
    private const uint LevelSense = 0x404;
    private const uint BothEdges = 0x408;
    private const uint Event = 0x40c;
    private const uint InterruptMask = 0x410;
    private const uint RawInterrupts = 0x414;
    private const uint MaskedInterrupts = 0x418;
    private const uint InterruptClear = 0x41c;
    private const uint ModeControl = 0x420;

    private readonly RecordingLine _line = new();
    private readonly Pl061Device _device;

    public Pl061Tests() => _device = new Pl061Device(_line);

    [Fact]
    public void A_driver_finds_a_PL061()
    {
        ulong[] ids = Enumerable.Range(0, 8).Select(index => _device.Read(0, 0xfe0 + (4 * (uint)index), 4)).ToArray();
        Assert.Equal([0x61ul, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1], ids);
        Assert.Equal(0ul, _device.Read(0, 0xfdc, 4));
    }

    [Fact]
    public void The_address_chooses_the_pins()
    {
        _device.Write(0, Direction, 4, 0x0f);
        _device.Write(0, 0x3fc, 4, 0xff);
        _device.SetInput(-1, 7, true);
        Assert.Equal(0x8ful, _device.Read(0, 0x3fc, 1));
        Assert.Equal(0x81ul, _device.Read(0, 0x81 << 2, 1));
        _device.Write(0, 0x01 << 2, 1, 0x00);
        Assert.Equal(0x8eul, _device.Read(0, 0x3fc, 1));
        Assert.Equal(0ul, _device.Read(0, 0, 1));
    }

    [Fact]
    public void A_pressed_key_interrupts_once_as_Linux_asks_for_it()
    {
        _device.Write(0, LevelSense, 1, 0);
        _device.Write(0, BothEdges, 1, 0);
        _device.Write(0, Event, 1, 0x08);
        Assert.False(_device.IsListenedTo(3));
        _device.Write(0, InterruptMask, 1, 0x08);
        Assert.True(_device.IsListenedTo(3));
        _device.SetInput(2, 3, true);
        Assert.Equal((1, 2), (_line.Level, _line.LastSelf));
        Assert.Equal(0x08ul, _device.Read(0, MaskedInterrupts, 1));
        _device.Write(0, InterruptClear, 1, 0x08);
        Assert.Equal(0, _line.Level);
        _device.SetInput(2, 3, false);
        Assert.Equal(0, _line.Level);
        _device.SetInput(2, 3, true);
        _device.SetInput(2, 3, true);
        Assert.Equal(1, _line.Level);
    }

    [Fact]
    public void A_level_interrupts_as_long_as_it_lasts()
    {
        _device.Write(0, LevelSense, 1, 0x01);
        _device.Write(0, InterruptMask, 1, 0x01); // low is the event
        Assert.Equal(1, _line.Level);
        _device.Write(0, InterruptClear, 1, 0x01);
        Assert.Equal(1, _line.Level);
        _device.SetInput(-1, 0, true);
        Assert.Equal(0, _line.Level);
    }

    [Fact]
    public void Every_access_of_every_width_has_an_answer_of_eight_bits() =>
        Gen.Select(Gen.UInt[0, 0xfff], Gen.Int[0, 3].Select(shift => 1 << shift), Gen.ULong, Gen.Bool).Sample((offset, size, value, writes) =>
        {
            if (writes)
            {
                _device.Write(0, offset, size, value);
            }

            Assert.InRange(_device.Read(0, offset, size), 0ul, 0xfful);
        });

    [Fact]
    public void Reset_is_as_new()
    {
        for (uint offset = 0; offset < 0x1000; offset += 4)
        {
            _device.Write(0, offset, 4, 0xff);
        }

        _device.SetInput(-1, 3, true);
        _device.Reset();
        Assert.Equal(0, _line.Level);
        Pl061Device fresh = new(new RecordingLine());
        for (uint offset = 0; offset < 0x1000; offset += 4)
        {
            Assert.Equal(fresh.Read(0, offset, 4), _device.Read(0, offset, 4));
        }
    }

    /// <summary>Each pin for itself, as the manual's chapter 2 describes it.</summary>
    [Fact]
    public void Random_guests_and_keys_see_what_eight_single_pins_would_show() =>
        Gen.Select(Gen.Int[0, 9], Gen.UInt[0, 0xff], Gen.Int[0, 7]).Array[1, 200].Sample(steps =>
        {
            RecordingLine line = new();
            Pl061Device device = new(line);
            Pin[] pins = Enumerable.Range(0, 8).Select(_ => new Pin()).ToArray();
            uint[] registers = [Direction, LevelSense, BothEdges, Event, InterruptMask, ModeControl];
            foreach ((int what, uint value, int which) in steps)
            {
                if (what < registers.Length)
                {
                    device.Write(0, registers[what], 4, value);
                    ForEach(pins, value, (pin, bit) => pin.Set(what, bit));
                }
                else if (what == 6)
                {
                    device.Write(0, InterruptClear, 4, value);
                    ForEach(pins, value, (pin, bit) => pin.Edge &= !bit);
                }
                else if (what == 7)
                {
                    device.Write(0, 0x3fc, 4, value);
                    ForEach(pins, value, (pin, bit) => pin.Output = pin.IsOutput ? bit : pin.Output);
                }
                else
                {
                    device.SetInput(-1, which, (value & 1) != 0);
                    pins[which].Drive((value & 1) != 0);
                }

                Assert.Equal(Collect(pins, pin => pin.Level), device.Read(0, 0x3fc, 4));
                Assert.Equal(Collect(pins, pin => pin.Raw), device.Read(0, RawInterrupts, 4));
                Assert.Equal(Collect(pins, pin => pin.Raw && pin.IsEnabled), device.Read(0, MaskedInterrupts, 4));
                Assert.Equal(pins.Any(pin => pin.Raw && pin.IsEnabled) ? 1 : 0, line.Level);
            }
        });

    private static void ForEach(Pin[] pins, uint bits, Action<Pin, bool> change)
    {
        for (int i = 0; i < pins.Length; i++)
        {
            change(pins[i], (bits >> i & 1) != 0);
        }
    }

    private static ulong Collect(Pin[] pins, Func<Pin, bool> read) => pins.Select((pin, index) => read(pin) ? 1ul << index : 0).Aggregate((a, b) => a | b);

    private sealed class Pin
    {
        private bool _input;
        private bool _isLevelSensed;
        private bool _sensesBoth;
        private bool _eventIsHigh;

        public bool IsOutput { get; private set; }

        public bool IsEnabled { get; private set; }

        public bool Output { get; set; }

        public bool Edge { get; set; }

        public bool Level => IsOutput ? Output : _input;

        public bool Raw => _isLevelSensed ? Level == _eventIsHigh : Edge;

        public void Set(int register, bool value)
        {
            switch (register)
            {
                case 0:
                    IsOutput = value;
                    break;
                case 1:
                    _isLevelSensed = value;
                    break;
                case 2:
                    _sensesBoth = value;
                    break;
                case 3:
                    _eventIsHigh = value;
                    break;
                case 4:
                    IsEnabled = value;
                    break;
            }
        }

        public void Drive(bool isHigh)
        {
            bool isEdge = isHigh != _input;
            _input = isHigh;
            Edge |= isEdge && !IsOutput && !_isLevelSensed && (_sensesBoth || isHigh == _eventIsHigh);
        }
    }
}

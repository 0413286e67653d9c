using CsCheck;
using SharpVisor.Devices;
using Xunit;

namespace SharpVisor.Tests.Unit.Devices;

public sealed class Pl031Tests
{
    private const uint Data = 0x00;
    private const uint Match = 0x04;
    private const uint Load = 0x08;
    private const uint Control = 0x0c;
    private const uint InterruptMask = 0x10;
    private const uint RawInterrupt = 0x14;
    private const uint MaskedInterrupt = 0x18;
    private const uint InterruptClear = 0x1c;

    private readonly RecordingLine _line = new();
    private readonly SettableClock _clock = new();
    private readonly Pl031Device _device;

    public Pl031Tests() => _device = new Pl031Device(_line, _clock);

    [Fact]
    public void It_shows_the_time_of_day_and_goes_with_it()
    {
        Assert.Equal(1_700_000_000ul, _device.Read(0, Data, 4));
        _clock.Time += 7;
        Assert.Equal(1_700_000_007ul, _device.Read(0, Data, 4));
        Assert.Equal(1ul, _device.Read(0, Control, 4));
    }

    [Fact]
    public void A_loaded_time_counts_on()
    {
        _device.Write(0, Load, 4, 100);
        _clock.Time += 5;
        Assert.Equal(105ul, _device.Read(0, Data, 4));
        Assert.Equal(100ul, _device.Read(0, Load, 4));
    }

    [Fact]
    public void The_alarm_interrupts_when_it_is_looked_for_after_its_time()
    {
        _device.Write(0, InterruptMask, 4, 1);
        _device.Write(0, Match, 4, 1_700_000_010);
        Assert.True(_device.TryGetAlarm(out ulong seconds));
        Assert.Equal(10ul, seconds);
        _clock.Time += 9;
        _device.Tick(3);
        Assert.Equal(0, _line.Level);
        _clock.Time += 5;
        _device.Tick(3);
        Assert.Equal(1, _line.Level);
        Assert.Equal(3, _line.LastSelf);
        Assert.False(_device.TryGetAlarm(out _));
        _device.Write(0, InterruptClear, 4, 1);
        Assert.Equal(0, _line.Level);
        _clock.Time += 100;
        _device.Tick(3);
        Assert.Equal(0, _line.Level);
    }

    [Fact]
    public void A_match_with_the_present_second_is_due_at_once()
    {
        _device.Write(0, Match, 4, 1_700_000_000);
        Assert.Equal(1ul, _device.Read(0, RawInterrupt, 4));
        Assert.Equal(0ul, _device.Read(0, MaskedInterrupt, 4));
        _device.Write(0, InterruptMask, 4, 1);
        Assert.Equal(1ul, _device.Read(0, MaskedInterrupt, 4));
        Assert.Equal(1, _line.Level);
    }

    [Fact]
    public void Time_that_is_set_past_the_alarm_does_not_ring_it()
    {
        _device.Write(0, Match, 4, 1_700_000_010);
        _device.Write(0, Load, 4, 1_700_000_020);
        Assert.Equal(0ul, _device.Read(0, RawInterrupt, 4));
    }

    [Fact]
    public void Identification_is_that_of_a_PL031()
    {
        ulong id = 0;
        ulong cell = 0;
        for (uint i = 0; i < 4; i++)
        {
            id |= _device.Read(0, 0xfe0 + (i * 4), 4) << (8 * (int)i);
            cell |= _device.Read(0, 0xff0 + (i * 4), 4) << (8 * (int)i);
        }

        Assert.Equal(0x0004_1031ul, id);
        Assert.Equal(0xb105_f00dul, cell);
    }

    [Fact]
    public void Unknown_registers_read_as_zero()
    {
        for (uint offset = 0x20; offset < 0xfe0; offset++)
        {
            _device.Write(0, offset, 4, ulong.MaxValue);
            Assert.Equal(0ul, _device.Read(0, offset, 4));
        }
    }

    [Fact]
    public void Reset_brings_back_the_time_of_day_and_lowers_the_line()
    {
        _device.Write(0, InterruptMask, 4, 1);
        _device.Write(0, Match, 4, 1_700_000_000);
        _device.Write(0, Load, 4, 12);
        _device.Reset();
        Assert.Equal(0, _line.Level);
        Assert.Equal(1_700_000_000ul, _device.Read(0, Data, 4));
        Assert.Equal(0ul, _device.Read(0, Match, 4));
    }

    [Fact]
    public void The_alarm_rings_exactly_when_a_counter_second_by_second_would()
    {
        Gen.Select(Gen.UInt, Gen.UInt[0, 40], Gen.UInt[0, 12].Array[1, 12]).Sample((start, distance, steps) =>
        {
            var clock = new SettableClock();
            var device = new Pl031Device(new RecordingLine(), clock);
            device.Write(0, Load, 4, start);
            uint match = start + distance;
            device.Write(0, Match, 4, match);
            uint counter = start;
            bool rung = distance == 0 || start == 0; // the match register held 0 when the time was loaded
            foreach (uint step in steps)
            {
                for (uint i = 0; i < step; i++)
                {
                    counter++;
                    rung |= counter == match;
                }

                clock.Time += step;
                Assert.Equal(rung ? 1ul : 0ul, device.Read(0, RawInterrupt, 4));
                Assert.Equal(counter, device.Read(0, Data, 4));
            }
        }, iter: 1000);
    }
}

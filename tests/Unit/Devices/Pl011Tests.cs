using System;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using CsCheck;
using SharpVisor.Devices;
using Xunit;

namespace SharpVisor.Tests.Unit.Devices;

public sealed class Pl011Tests
{
    private const uint Data = 0x00;
    private const uint Flags = 0x18;
    private const uint LineControl = 0x2c;
    private const uint Control = 0x30;
    private const uint InterruptMask = 0x38;
    private const uint RawInterrupts = 0x3c;
    private const uint InterruptClear = 0x44;
    private const ulong ReceiveEmpty = 0x10;
    private const ulong Transmit = 0x20;
    private const ulong Receive = 0x10;
    private const ulong Timeout = 0x40;

    private static readonly uint[] s_registers =
        [0x04, 0x18, 0x20, 0x24, 0x28, 0x2c, 0x30, 0x34, 0x38, 0x3c, 0x40, 0x44, 0x48, 0x4c, 0xfdc, 0xfe0, 0xfe4, 0xfe8, 0xfec, 0xff0, 0xff4, 0xff8, 0xffc];

    private readonly RecordingLine _line = new();
    private readonly ScriptedConsole _console = new();
    private readonly Pl011Device _uart;

    public Pl011Tests() => _uart = new Pl011Device(_line, _console);

    [Fact]
    public void After_reset_nothing_is_received_and_all_is_sent()
    {
        Assert.Equal(0x90ul, _uart.Read(0, Flags, 4));
        Assert.Equal(0x300ul, _uart.Read(0, Control, 4));
        Assert.Equal(0ul, _uart.Read(0, RawInterrupts, 4));
        Assert.Equal(0, _line.Level);
    }

    [Fact]
    public void What_is_written_to_the_data_register_is_sent_even_when_the_device_is_disabled()
    {
        _uart.Write(0, Control, 4, 0);
        foreach (byte value in "hello"u8)
        {
            _uart.Write(0, Data, 1, value);
        }

        Assert.Equal("hello", Encoding.ASCII.GetString(_console.Sent));
        Assert.Equal(0ul, _uart.Read(0, Flags, 4) & 0x28); // neither full nor busy
    }

    [Fact]
    public void Transmit_interrupt_follows_a_write_and_stays_until_cleared()
    {
        _uart.Write(0, InterruptMask, 4, Transmit);
        Assert.Equal(0, _line.Level);
        _uart.Write(1, Data, 4, 'a');
        Assert.Equal(1, _line.Level);
        Assert.Equal(1, _line.LastSelf);
        _uart.Write(0, InterruptClear, 4, Transmit);
        Assert.Equal(0, _line.Level);
        _uart.Write(0, Data, 4, 'b');
        Assert.Equal(1, _line.Level);
    }

    [Fact]
    public void Unmasking_the_transmit_interrupt_after_a_write_raises_the_line()
    {
        _uart.Write(0, Data, 4, 'a');
        Assert.Equal(0, _line.Level);
        _uart.Write(0, InterruptMask, 2, Transmit);
        Assert.Equal(1, _line.Level);
        _uart.Write(0, InterruptMask, 2, 0);
        Assert.Equal(0, _line.Level);
    }

    [Fact]
    public void A_typed_byte_interrupts_by_time_out_and_is_read_once()
    {
        _uart.Write(0, LineControl, 4, 0x70);
        _uart.Write(0, InterruptMask, 4, Receive | Timeout);
        Type("x");
        Assert.Equal(1, _line.Level);
        Assert.Equal(Timeout, _uart.Read(0, RawInterrupts, 4));
        Assert.Equal(0ul, _uart.Read(0, Flags, 4) & ReceiveEmpty);
        Assert.Equal((ulong)'x', _uart.Read(0, Data, 1));
        Assert.Equal(ReceiveEmpty, _uart.Read(0, Flags, 4) & ReceiveEmpty);
        Assert.Equal(0, _line.Level);
        Assert.Equal(0ul, _uart.Read(0, Data, 1));
    }

    [Fact]
    public void Without_FIFOs_one_byte_fills_the_device_and_the_rest_waits_outside()
    {
        Type("abc");
        Assert.Equal(2, _console.Waiting);
        Assert.Equal(0xc0ul, _uart.Read(0, Flags, 4));
        Assert.Equal("abc", ReadAll());
    }

    [Fact]
    public void Reading_makes_room_for_what_waits_outside()
    {
        _uart.Write(0, LineControl, 4, 0x10);
        string text = string.Concat(Enumerable.Range(0, 100).Select(i => (char)('!' + (i % 90))));
        Type(text);
        Assert.Equal(100 - 32, _console.Waiting);
        Assert.Equal(text, ReadAll());
    }

    [Theory]
    [InlineData(0, 4)]
    [InlineData(1, 8)]
    [InlineData(2, 16)]
    [InlineData(3, 24)]
    [InlineData(4, 28)]
    public void Receive_interrupt_comes_at_the_chosen_level(uint choice, int level)
    {
        _uart.Write(0, LineControl, 4, 0x10);
        _uart.Write(0, 0x34, 4, choice << 3);
        Type(new string('a', level - 1));
        Assert.Equal(0ul, _uart.Read(0, RawInterrupts, 4) & Receive);
        Type("a");
        Assert.Equal(Receive, _uart.Read(0, RawInterrupts, 4) & Receive);
        _uart.Read(0, Data, 4);
        Assert.Equal(0ul, _uart.Read(0, RawInterrupts, 4) & Receive);
    }

    [Fact]
    public void A_byte_that_comes_between_the_last_read_and_the_clear_still_interrupts()
    {
        _uart.Write(0, LineControl, 4, 0x10);
        _uart.Write(0, InterruptMask, 4, Timeout);
        Type("a");
        _uart.Read(0, Data, 4);
        Type("b");
        _uart.Write(0, InterruptClear, 4, Timeout);
        Assert.Equal(1, _line.Level);
    }

    [Fact]
    public void A_driver_that_only_clears_is_not_interrupted_for_ever()
    {
        _uart.Write(0, InterruptMask, 4, Timeout | Receive);
        Type("a");
        _uart.Write(0, InterruptClear, 4, Timeout | Receive);
        _uart.Write(0, InterruptClear, 4, Timeout | Receive);
        Assert.Equal(0, _line.Level);
        Assert.Equal("a", ReadAll());
    }

    [Fact]
    public void Switching_the_FIFO_off_loses_nothing()
    {
        _uart.Write(0, LineControl, 4, 0x10);
        Type("typed ahead");
        _uart.Write(0, LineControl, 4, 0);
        Assert.Equal("typed ahead", ReadAll());
    }

    [Fact]
    public void In_loopback_the_device_hears_itself_and_not_the_line()
    {
        _uart.Write(0, LineControl, 4, 0x10);
        _uart.Write(0, Control, 4, 0x381);
        Type("line");
        _uart.Write(0, Data, 4, 'm');
        _uart.Write(0, Data, 4, 'e');
        Assert.Equal("me", ReadAll());
        Assert.Empty(_console.Sent);
        _uart.Write(0, Control, 4, 0x301);
        Assert.Equal("line", ReadAll());
    }

    [Fact]
    public void In_loopback_a_byte_too_many_is_an_overrun()
    {
        _uart.Write(0, Control, 4, 0x381);
        _uart.Write(0, Data, 4, 'a');
        _uart.Write(0, Data, 4, 'b');
        Assert.Equal(8ul, _uart.Read(0, 4, 4));
        Assert.Equal(0x400ul, _uart.Read(0, RawInterrupts, 4) & 0x400);
        Assert.Equal(0x800ul | 'a', _uart.Read(0, Data, 4));
        _uart.Write(0, 4, 4, 0);
        Assert.Equal(0ul, _uart.Read(0, 4, 4));
    }

    [Fact]
    public void Identification_is_that_of_a_PL011_with_32_deep_FIFOs()
    {
        ulong id = 0;
        ulong cell = 0;
        for (uint i = 0; i < 4; i++)
        {
            id |= _uart.Read(0, 0xfe0 + (i * 4), 4) << (8 * (int)i);
            cell |= _uart.Read(0, 0xff0 + (i * 4), 4) << (8 * (int)i);
        }

        Assert.Equal(0x0034_1011ul, id);
        Assert.Equal(0xb105_f00dul, cell);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    public void No_read_has_bits_above_its_size(int size)
    {
        _uart.Write(0, Control, 4, 0xffff_ffff);
        for (uint offset = 0; offset < 0x1000; offset++)
        {
            Assert.Equal(0ul, size == 8 ? 0 : _uart.Read(0, offset, size) >> (size * 8));
        }
    }

    [Fact]
    public void Reset_forgets_everything_and_lowers_the_line()
    {
        _uart.Write(0, InterruptMask, 4, 0x7ff);
        _uart.Write(0, Data, 4, 'a');
        Type("x");
        _uart.Reset();
        Assert.Equal(0, _line.Level);
        var fresh = new Pl011Device(new RecordingLine(), new ScriptedConsole());
        foreach (uint register in s_registers)
        {
            Assert.Equal(fresh.Read(0, register, 4), _uart.Read(0, register, 4));
        }
    }

    [Fact]
    public void Any_sequence_of_accesses_matches_the_model()
    {
        Gen<(int Kind, uint Register, int Size, uint Value)> operation = Gen.Select(
            Gen.Int[0, 9],
            Gen.OneOf(0u, 0u, 0u, 0x04u, 0x18u, 0x20u, 0x24u, 0x28u, 0x2cu, 0x2cu, 0x30u, 0x34u, 0x38u, 0x3cu, 0x40u, 0x44u, 0x44u, 0x48u, 0xfe0u, 0x7cu, 0x31u),
            Gen.OneOf(1, 2, 4, 8),
            Gen.OneOf<uint>(Gen.UInt, Gen.UInt[0, 0x7ff], Gen.OneOf(0x10u, 0x50u, 0x381u, 0x301u)));
        operation.Array[0, 120].Sample(CompareWithModel, iter: 3000);
    }

    [Fact]
    public async Task Many_VCpus_at_once_lose_no_byte_and_leave_the_line_right()
    {
        const int Bytes = 1000;
        _uart.Write(0, LineControl, 4, 0x10);
        _uart.Write(0, InterruptMask, 4, 0x7f0);
        int received = 0;
        Task typist = Task.Run(() =>
        {
            for (int i = 0; i < Bytes; i++)
            {
                _console.Type((byte)i);
                _uart.ReadInput(-1);
            }
        });
        Task[] readers = Enumerable.Range(0, 2).Select(vcpu => Task.Run(() =>
        {
            var patience = System.Diagnostics.Stopwatch.StartNew();
            while (Volatile.Read(ref received) < Bytes && patience.Elapsed < TimeSpan.FromSeconds(20))
            {
                if ((_uart.Read(vcpu, Flags, 4) & ReceiveEmpty) == 0)
                {
                    // Two readers may see the same byte; the raw state under the lock tells whether one was taken.
                    lock (_console)
                    {
                        if ((_uart.Read(vcpu, Flags, 4) & ReceiveEmpty) == 0)
                        {
                            _uart.Read(vcpu, Data, 4);
                            Interlocked.Increment(ref received);
                        }
                    }
                }

                _uart.Write(vcpu, Data, 1, 'x');
                _uart.Write(vcpu, InterruptClear, 4, Transmit);
            }
        })).ToArray();
        await Task.WhenAll([typist, .. readers]);
        Assert.Equal(Bytes, received);
        _uart.Write(0, InterruptClear, 4, 0x7ff);
        Assert.Equal(0, _line.Level);
        _uart.Write(0, Data, 1, 'y');
        Assert.Equal(1, _line.Level);
    }

    private static void CompareWithModel((int Kind, uint Register, int Size, uint Value)[] operations)
    {
        var line = new RecordingLine();
        var console = new ScriptedConsole();
        var uart = new Pl011Device(line, console);
        var model = new Pl011Model();
        foreach ((int kind, uint register, int size, uint value) in operations)
        {
            switch (kind)
            {
                case 0 or 1 or 2 or 3:
                    uart.Write(0, register, size, 0xdead_0000_0000_0000 | value);
                    model.Write(register, size, 0xdead_0000_0000_0000 | value);
                    break;
                case 4 or 5 or 6:
                    Assert.Equal(model.Read(register, size), uart.Read(0, register, size));
                    break;
                case 7 or 8:
                    for (uint i = 0; i <= value % 40; i++)
                    {
                        console.Type((byte)(value + i));
                        model.Typed.Enqueue((byte)(value + i));
                    }

                    uart.ReadInput(-1);
                    model.Input();
                    break;
                default:
                    if (value % 8 == 0)
                    {
                        uart.Reset();
                        model.Reset();
                    }

                    break;
            }

            foreach (uint compared in s_registers)
            {
                Assert.Equal(model.Read(compared, 4), uart.Read(0, compared, 4));
            }

            Assert.Equal(model.Line ? 1 : 0, line.Level);
        }

        Assert.Equal(model.Sent, console.Sent);
        Assert.Equal(model.Typed.Count, console.Waiting);
    }

    private void Type(string text)
    {
        foreach (byte value in Encoding.ASCII.GetBytes(text))
        {
            _console.Type(value);
        }

        _uart.ReadInput(-1);
    }

    private string ReadAll()
    {
        var text = new StringBuilder();
        while ((_uart.Read(0, Flags, 4) & ReceiveEmpty) == 0)
        {
            text.Append((char)_uart.Read(0, Data, 1));
        }

        return text.ToString();
    }
}

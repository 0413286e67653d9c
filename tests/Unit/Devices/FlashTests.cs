using System.Text;
using CsCheck;
using SharpVisor.Devices;
using SharpVisor.Machine.Loading;
using Xunit;

namespace SharpVisor.Tests.Unit.Devices;

public sealed class FlashTests
{
    // Both chips at once, as drivers write them.
    private const uint Program = 0x0040_0040;
    private const uint ProgramBuffer = 0x00e8_00e8;
    private const uint Erase = 0x0020_0020;
    private const uint Lock = 0x0060_0060;
    private const uint ClearStatus = 0x0050_0050;
    private const uint ReadStatus = 0x0070_0070;
    private const uint ReadIdentifier = 0x0090_0090;
    private const uint ReadQuery = 0x0098_0098;
    private const uint Confirm = 0x00d0_00d0;
    private const uint ReadArray = 0x00ff_00ff;

    private const ulong Ready = 0x0080_0080;
    private const ulong ProgramRefused = 0x0092_0092;
    private const ulong SequenceError = 0x00b0_00b0;
    private const ulong Erased = 0xffff_ffff;
    private const uint SomeBlock = 0x0104_0000;

    private readonly FlashBank _bank = new();

    public static TheoryData<uint, uint> WrongConfirmations => new()
    {
        { Erase, ReadStatus },
        { Erase, Erase },
        { Lock, ReadStatus },
    };

    [Theory]
    [InlineData(1, 0xfful)]
    [InlineData(2, 0xfffful)]
    [InlineData(4, 0xffff_fffful)]
    [InlineData(8, ulong.MaxValue)]
    public void It_is_erased_everywhere(int size, ulong ones)
    {
        foreach (ulong offset in (ulong[])[0, 5, SomeBlock, FlashBank.Length - (ulong)size])
        {
            Assert.Equal(ones, _bank.Read(0, (uint)offset, size));
        }
    }

    [Fact]
    public void A_bank_is_as_large_as_its_place_in_the_guest_machine() => Assert.Equal(GuestMemoryMap.FlashSize, FlashBank.Length);

    [Fact]
    public void The_query_identifies_a_chip_with_the_extended_Intel_command_set()
    {
        Write(ReadQuery);
        Assert.Equal("QRY", Text(0x10, 3));
        Assert.Equal(1u, Field(0x13, 2));
        uint extended = Field(0x15, 2);
        Assert.Equal("PRI", Text(extended, 3));
        Assert.Equal("10", Text(extended + 3, 2));
        Assert.Equal(0u, Field(extended + 5, 4)); // no optional feature
        Assert.Equal(0u, Field(extended + 9, 1)); // nothing while an erasure is suspended
        Assert.Equal(1u, Field(extended + 10, 2)); // the lock bit of a block's status
        Assert.Equal(1u, Field(extended + 14, 1)); // one protection register
        Assert.Equal(0u, Field(0x17, 2)); // no second command set
        Assert.Equal(0u, Field(0x19, 2));
    }

    [Fact]
    public void The_query_tells_of_voltages_in_order_and_of_timeouts()
    {
        Write(ReadQuery);
        Assert.InRange(Field(0x1b, 1), 0x10u, Field(0x1c, 1));
        Assert.Equal(0u, Field(0x1d, 2)); // no pin of its own for programming
        for (uint i = 0; i < 3; i++)
        {
            Assert.InRange(Field(0x1f + i, 1), 1u, 16u); // a word, the buffer, a block
            Assert.InRange(Field(0x23 + i, 1), 1u, 8u);
        }

        Assert.Equal(0u, Field(0x22, 1)); // a chip is not erased whole
        Assert.Equal(0u, Field(0x26, 1));
    }

    [Fact]
    public void The_geometry_of_two_chips_makes_up_the_bank()
    {
        Write(ReadQuery);
        uint chip = 1u << (int)Field(0x27, 1);
        Assert.Equal(FlashBank.Length, 2ul * chip);
        Assert.Equal(1u, Field(0x28, 2)); // 16 bits wide
        Assert.Equal(2048u, 1u << (int)Field(0x2a, 2));
        Assert.Equal(1u, Field(0x2c, 1)); // blocks of one size
        uint blocks = Field(0x2d, 2) + 1;
        uint blockSize = Field(0x2f, 2) * 256;
        Assert.Equal(chip, blocks * blockSize);
        Assert.Equal(256u * 1024, 2 * blockSize);
    }

    [Fact]
    public void Each_chip_answers_on_the_low_byte_of_its_half_whatever_the_width()
    {
        Write(ReadQuery);
        Assert.Equal(0x0051_0051ul, _bank.Read(0, 0x40, 4));
        Assert.Equal(0x0052_0052_0051_0051ul, _bank.Read(0, 0x40, 8));
        Assert.Equal(0x0052_0051ul, _bank.Read(0, 0x42, 4));
        Assert.Equal(0x51ul, _bank.Read(0, 0x42, 2));
        Assert.Equal(0x5200ul, _bank.Read(0, 0x43, 2));
        Assert.Equal(0x51ul, _bank.Read(0, 0x40, 1));
        Assert.Equal(0x00ul, _bank.Read(0, 0x41, 1));
    }

    [Fact]
    public void Words_of_the_query_without_meaning_are_zero()
    {
        Write(ReadQuery);
        for (uint word = 3; word < 0x100; word++)
        {
            if (word is < 0x10 or > 0x43)
            {
                Assert.Equal(0ul, _bank.Read(0, word * 4, 4));
            }
        }
    }

    [Fact]
    public void Identification_says_Intel_and_that_each_block_is_locked_for_good()
    {
        Write(ReadIdentifier, SomeBlock);
        foreach (uint block in (uint[])[0, SomeBlock, 0x03fc_0000])
        {
            Assert.Equal(0x0089_0089ul, _bank.Read(0, block, 4));
            Assert.Equal(0x0018_0018ul, _bank.Read(0, block + 4, 4));
            Assert.Equal(0x0003_0003ul, _bank.Read(0, block + 8, 4));
            Assert.Equal(0ul, _bank.Read(0, block + 0x40, 4));
        }
    }

    [Fact]
    public void Erasing_succeeds_and_leaves_the_status_to_be_read()
    {
        Write(Erase, SomeBlock);
        Assert.Equal(Ready, Read());
        Write(Confirm, SomeBlock);
        Assert.Equal(Ready, Read());
        Write(ReadArray);
        Assert.Equal(Erased, Read());
    }

    [Fact]
    public void Programming_a_word_is_refused_as_locked_and_stores_nothing()
    {
        Write(Program, SomeBlock);
        Write(0x1234_5678, SomeBlock);
        Assert.Equal(ProgramRefused, Read());
        Write(ReadArray);
        Assert.Equal(Erased, Read());
    }

    [Fact]
    public void Programming_through_the_buffer_takes_as_many_words_as_it_announced()
    {
        Write(ProgramBuffer, SomeBlock);
        Assert.Equal(Ready, Read());
        Write(0x0003_0003, SomeBlock);
        for (uint i = 0; i < 4; i++)
        {
            Write(ReadArray, SomeBlock + (i * 4)); // data here, not commands
            Assert.Equal(Ready, Read());
        }

        Write(Confirm, SomeBlock);
        Assert.Equal(ProgramRefused, Read());
        Write(ReadArray);
        Assert.Equal(Erased, Read());
    }

    [Fact]
    public void A_buffer_larger_than_the_query_says_is_a_wrong_sequence()
    {
        Write(ProgramBuffer);
        Write(0x0400_0400);
        Assert.Equal(SequenceError, Read());
        Write(ReadArray);
        Assert.Equal(Erased, Read());
    }

    [Fact]
    public void A_buffer_that_is_not_confirmed_is_a_wrong_sequence()
    {
        Write(ProgramBuffer);
        Write(0);
        Write(0x1234_5678);
        Write(ReadStatus);
        Assert.Equal(SequenceError, Read());
    }

    [Theory]
    [MemberData(nameof(WrongConfirmations))]
    public void A_command_with_another_word_than_its_confirmation_is_a_wrong_sequence(uint command, uint confirmation)
    {
        Write(command);
        Write(confirmation);
        Assert.Equal(SequenceError, Read());
    }

    [Theory]
    [InlineData(0x0001_0001u)]
    [InlineData(Confirm)]
    [InlineData(0x002f_002fu)]
    public void Locks_can_be_written_without_error_but_stay(uint operation)
    {
        Write(Lock, SomeBlock);
        Write(operation, SomeBlock);
        Assert.Equal(Ready, Read());
        Write(ReadIdentifier);
        Assert.Equal(0x0003_0003ul, _bank.Read(0, SomeBlock + 8, 4));
    }

    [Fact]
    public void Errors_stay_until_they_are_cleared()
    {
        Write(Program);
        Write(0);
        Write(Erase);
        Write(Confirm);
        Write(ReadArray);
        Write(ReadStatus);
        Assert.Equal(ProgramRefused, Read());
        Write(ClearStatus);
        Assert.Equal(Erased, Read());
        Write(ReadStatus);
        Assert.Equal(Ready, Read());
    }

    [Fact]
    public void Suspending_and_resuming_nothing_shows_that_it_is_ready()
    {
        Write(0x00b0_00b0);
        Assert.Equal(Ready, Read());
        Write(Confirm);
        Assert.Equal(Ready, Read());
    }

    [Theory]
    [InlineData(1, 0u)]
    [InlineData(1, 0x55u)]
    [InlineData(2, 0xaau)]
    [InlineData(4, 0x154u)]
    public void A_command_may_have_any_width_and_any_place(int size, uint offset)
    {
        _bank.Write(0, offset, size, 0xffff_ffff_0098_0098);
        Assert.Equal(0x0051_0051ul, _bank.Read(0, 0x40, 4));
    }

    [Fact]
    public void A_write_of_eight_bytes_is_two_of_four()
    {
        _bank.Write(0, SomeBlock, 8, ((ulong)Confirm << 32) | Erase);
        Assert.Equal(Ready, Read());
        _bank.Write(0, SomeBlock, 8, ((ulong)ReadArray << 32) | Program);
        Assert.Equal(ProgramRefused, Read());
    }

    [Fact]
    public void A_driver_that_does_not_know_the_state_gets_the_array_by_asking_twice()
    {
        foreach (uint command in (uint[])[Erase, Lock, Program, ReadIdentifier, ReadQuery, ReadStatus])
        {
            Write(command);
            Write(ReadArray);
            Write(ReadArray);
            Assert.Equal(Erased, Read());
        }
    }

    [Fact]
    public void It_does_what_the_description_of_its_commands_says()
    {
        Gen<uint> command = Gen.OneOf(
            Program, 0x10u, 0xc0u, ProgramBuffer, Erase, Lock, ClearStatus, ReadStatus, ReadIdentifier, ReadQuery, 0xb0u, Confirm, ReadArray, 0xf0u, 1u);
        Gen<uint> data = Gen.OneOf(command, command, Gen.UInt[0, 5], Gen.UInt);
        Gen<int> width = Gen.OneOf(1, 2, 4, 8);
        Gen.Select(data, data, width, Gen.UInt[0, (uint)FlashBank.Length - 8]).Array[1, 60].Sample(writes =>
        {
            var bank = new FlashBank();
            var model = new FlashModel();
            foreach ((uint low, uint high, int size, uint offset) in writes)
            {
                bank.Write(0, offset, size, ((ulong)high << 32) | low);
                model.Write(size < 4 ? low & ((1u << (size * 8)) - 1) : low);
                if (size == 8)
                {
                    model.Write(high);
                }

                Assert.Equal(Shown(model, offset), bank.Read(1, offset, size) & 0xff);
                Assert.Equal(Shown(model, 0x40), bank.Read(1, 0x40, 1));
            }

            bank.Reset();
            Assert.Equal(ulong.MaxValue, bank.Read(0, 0, 8));
            bank.Write(0, 0, 4, ReadStatus);
            Assert.Equal(Ready, bank.Read(0, 0, 4));
        }, iter: 5000);
    }

    private static ulong Shown(FlashModel model, uint place)
    {
        if (model.Shown == 0xff)
        {
            return 0xff;
        }

        if (place % 2 != 0)
        {
            return 0;
        }

        if (model.Shown == 0x70)
        {
            return (ulong)model.Status;
        }

        // The query's table has tests of its own: a byte of it is enough.
        return (place / 4 % 256) switch
        {
            0 => 0x89,
            1 => 0x18,
            2 => 3,
            0x10 when model.Shown == 0x98 => 'Q',
            _ when model.Shown == 0x98 => Expected(place),
            _ => 0,
        };

        static ulong Expected(uint place)
        {
            var asked = new FlashBank();
            asked.Write(0, 0, 4, ReadQuery);
            return asked.Read(0, place % 1024, 1);
        }
    }

    private void Write(uint word, uint offset = 0) => _bank.Write(0, offset, 4, word);

    private ulong Read() => _bank.Read(0, SomeBlock, 4);

    /// <summary>A number out of the query, least significant byte first; both chips must say the same.</summary>
    private uint Field(uint word, int bytes)
    {
        uint value = 0;
        for (int i = 0; i < bytes; i++)
        {
            ulong both = _bank.Read(0, (word + (uint)i) * 4, 4);
            Assert.Equal(both & 0xff, both >> 16);
            Assert.Equal(0ul, both & 0xff00_ff00);
            value |= (uint)(both & 0xff) << (i * 8);
        }

        return value;
    }

    private string Text(uint word, int length)
    {
        var text = new StringBuilder();
        for (uint i = 0; i < length; i++)
        {
            text.Append((char)Field(word + i, 1));
        }

        return text.ToString();
    }
}

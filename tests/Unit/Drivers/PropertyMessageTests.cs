using System;
using System.Linq;
using CsCheck;
using SharpVisor.Drivers;
using Xunit;

namespace SharpVisor.Tests.Unit.Drivers;

/// <summary>Questions to the VideoCore's firmware, word by word.</summary>
public class PropertyMessageTests
{
    private const uint Tag = 0x0003_0002;
    private const uint OtherTag = 0x0004_0001;

    [Fact]
    public void A_question_has_the_words_that_the_firmware_expects()
    {
        uint[] message = new uint[8];
        int length = PropertyMessage.Begin(message);
        PropertyMessage.Append(message, ref length, Tag, [2, 0]);
        PropertyMessage.End(message, length);
        Assert.Equal([32u, 0, Tag, 8, 0, 2, 0, 0], message);
    }

    [Fact]
    public void Each_of_several_answers_is_what_the_firmware_put_into_its_question()
    {
        Gen.Select(Gen.UInt.Array[1, 8], Gen.UInt.Array[1, 8]).Sample((first, second) =>
        {
            uint[] message = new uint[64];
            int length = PropertyMessage.Begin(message);
            PropertyMessage.Append(message, ref length, Tag, new uint[first.Length]);
            int place = length;
            PropertyMessage.Append(message, ref length, OtherTag, new uint[second.Length]);
            PropertyMessage.End(message, length);
            message[1] = 0x8000_0000;
            message[4] |= 0x8000_0000;
            message[place + 2] |= 0x8000_0000;
            first.CopyTo(message, 5);
            second.CopyTo(message, place + 3);
            uint[] one = new uint[first.Length];
            uint[] two = new uint[second.Length];
            return PropertyMessage.TryFind(message, Tag, one) && one.SequenceEqual(first)
                && PropertyMessage.TryFind(message, OtherTag, two) && two.SequenceEqual(second)
                && !PropertyMessage.TryFind(message, 0x0004_0003, one);
        });
    }

    [Theory]
    [InlineData(0u, 8u, 0x8000_0008u, Tag)]
    [InlineData(0x8000_0001u, 8u, 0x8000_0008u, Tag)]
    [InlineData(0x8000_0000u, 8u, 0u, Tag)]
    [InlineData(0x8000_0000u, 4u, 0x8000_0008u, Tag)]
    [InlineData(0x8000_0000u, 8u, 0x8000_0008u, Tag + 1)]
    public void What_is_no_answer_is_refused(uint code, uint room, uint tagCode, uint tag)
    {
        uint[] message = [32, code, tag, room, tagCode, 1, 2, 0];
        Assert.False(PropertyMessage.TryFind(message, Tag, new uint[2]));
    }

    [Fact]
    public void Whatever_came_back_nothing_behind_it_is_read()
    {
        Gen.UInt.Array[2, 40].Sample(message =>
        {
            message[1] = 0x8000_0000;
            PropertyMessage.TryFind(message, Tag, new uint[2]);
        });
    }
}

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

    [Fact]
    public void A_question_has_the_words_that_the_firmware_expects()
    {
        uint[] message = new uint[8];
        PropertyMessage.Write(message, Tag, [2, 0]);
        Assert.Equal([32u, 0, Tag, 8, 0, 2, 0, 0], message);
    }

    [Fact]
    public void An_answer_is_what_the_firmware_put_into_the_question()
    {
        Gen.UInt.Array[1, PropertyMessage.MaximumValues].Sample(answer =>
        {
            uint[] message = new uint[PropertyMessage.Overhead + answer.Length];
            PropertyMessage.Write(message, Tag, new uint[answer.Length]);
            message[1] = 0x8000_0000;
            message[4] = 0x8000_0000 | (uint)(answer.Length * 4);
            answer.CopyTo(message, 5);
            uint[] values = new uint[answer.Length];
            return PropertyMessage.TryRead(message, Tag, values) && values.SequenceEqual(answer);
        });
    }

    [Theory]
    [InlineData(0u, 0x8000_0008u, Tag)]
    [InlineData(0x8000_0001u, 0x8000_0008u, Tag)]
    [InlineData(0x8000_0000u, 0u, Tag)]
    [InlineData(0x8000_0000u, 0x8000_0008u, Tag + 1)]
    public void What_is_no_answer_is_refused(uint code, uint tagCode, uint tag)
    {
        uint[] message = [32, code, tag, 8, tagCode, 1, 2, 0];
        Assert.False(PropertyMessage.TryRead(message, Tag, new uint[2]));
    }
}

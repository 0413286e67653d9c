using System.Collections.Generic;
using SharpVisor.Devices.Virtio;
using Xunit;

namespace SharpVisor.Tests.Unit.Devices.Virtio;

public sealed class VirtioTransportTests
{
    private const ulong RamStart = 0x4000_0000;
    private const ulong Ring = RamStart + 0x1000;
    private const ulong OtherRing = RamStart + 0x8000;
    private const ulong Data = RamStart + 0x2_0000;
    private const ulong Good = VirtioFeatures.Version1;

    private readonly ByteMemory _memory = new(RamStart, 1 << 20);
    private readonly EchoDevice _device;
    private readonly TransportUnderTest _transport;

    public VirtioTransportTests()
    {
        _device = new EchoDevice(_memory);
        _transport = new TransportUnderTest(_device);
    }

    public static TheoryData<ulong> Formats => [Good, Good | VirtioFeatures.PackedRing];

    [Fact]
    public void It_says_what_it_is()
    {
        Assert.Equal(0x7472_6976u, _transport.Read(0x00));
        Assert.Equal(2u, _transport.Read(0x04));
        Assert.Equal(42u, _transport.Read(0x08));
        Assert.Equal(0x554d_4551u, _transport.Read(0x0c));
        Assert.Equal(VirtioFeatures.Transport | 3, _transport.OfferedFeatures());
        _transport.Write(0x14, 2);
        Assert.Equal(0u, _transport.Read(0x10));
    }

    [Fact]
    public void There_is_no_shared_memory()
    {
        _transport.Write(0xac, 0);
        foreach (uint offset in new uint[] { 0xb0, 0xb4, 0xb8, 0xbc })
        {
            Assert.Equal(uint.MaxValue, _transport.Read(offset));
        }
    }

    [Fact]
    public void Registers_have_one_width()
    {
        foreach (int size in new[] { 1, 2, 8 })
        {
            Assert.Equal(0ul, _transport.Transport.Read(0, size));
            _transport.Transport.Write(0, 0x70, size, 1);
            Assert.Equal(0u, _transport.Status);
        }

        Assert.Equal(0ul, _transport.Transport.Read(2, 4));
        _transport.Transport.Write(0, 0x71, 4, 1);
        Assert.Equal(0u, _transport.Status);
    }

    [Theory]
    [InlineData(0u, 4, 0x0403_0201ul)]
    [InlineData(4u, 4, 0x0807_0605ul)]
    [InlineData(0u, 8, 0x0807_0605_0403_0201ul)]
    [InlineData(0u, 1, 1ul)]
    [InlineData(3u, 1, 4ul)]
    [InlineData(6u, 2, 0x0807ul)]
    [InlineData(1u, 2, 0ul)]
    [InlineData(2u, 4, 0ul)]
    [InlineData(4u, 8, 0ul)]
    [InlineData(12u, 4, 0ul)]
    [InlineData(0xfcu, 4, 0ul)]
    public void The_configuration_is_read_in_aligned_pieces(uint offset, int size, ulong value) =>
        Assert.Equal(value, _transport.Transport.Read(0x100 + offset, size));

    [Fact]
    public void The_configuration_is_written()
    {
        _transport.Write(0x108, 77);
        Assert.Equal(77u, _transport.Read(0x108));
        _transport.Transport.Write(0, 0x108, 8, 99);
        _transport.Transport.Write(0, 0x10a, 4, 99);
        Assert.Equal(77u, _transport.Read(0x108));
    }

    [Theory]
    [InlineData(0ul, false)]
    [InlineData(Good, true)]
    [InlineData(Good | 1, true)]
    [InlineData(Good | 2, false)]
    [InlineData(Good | 3, true)]
    [InlineData(Good | 4, false)]
    [InlineData(Good | (1ul << 63), false)]
    [InlineData(3ul, false)]
    public void Features_are_agreed_on_where_all_were_offered_and_make_sense(ulong features, bool isAgreed)
    {
        Assert.Equal(isAgreed, _transport.Negotiate(features));
        Assert.Equal(isAgreed ? features : 0, _device.Features);
    }

    [Fact]
    public void Features_stay_once_they_are_agreed_on()
    {
        _transport.Negotiate(Good);
        _transport.Write(0x24, 0);
        _transport.Write(0x20, 1);
        _transport.Write(0x70, 0xf);
        Assert.Equal(Good, _device.Features);
    }

    [Fact]
    public void A_status_bit_is_only_cleared_by_a_reset()
    {
        _transport.Write(0x70, 3);
        _transport.Write(0x70, 1);
        Assert.Equal(3u, _transport.Status);
        _transport.Write(0x70, 0x80);
        Assert.Equal(0x83u, _transport.Status);
        _transport.Write(0x70, 0x40 | 0x30);
        Assert.Equal(0x83u, _transport.Status);
        _transport.Write(0x70, 0);
        Assert.Equal(0u, _transport.Status);
    }

    [Fact]
    public void A_driver_is_not_ready_before_features_are_agreed_on()
    {
        _transport.Write(0x70, 7);
        Assert.Equal(3u, _transport.Status);
        Assert.Equal(0, _device.Starts);
        _transport.Write(0x44, 1);
        Assert.Equal(0u, _transport.Read(0x44));
    }

    [Fact]
    public void Queues_say_their_size_where_they_exist()
    {
        uint[] sizes = [64, 8, 0, 0];
        for (int i = 0; i < sizes.Length; i++)
        {
            _transport.Write(0x30, (uint)i);
            Assert.Equal(sizes[i], _transport.Read(0x34));
            _transport.Write(0x44, 1);
            Assert.Equal(0u, _transport.Read(0x44));
        }

        _transport.Write(0x30, uint.MaxValue);
        Assert.Equal(0u, _transport.Read(0x34));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Requests_are_answered_on_notification_and_interrupt(ulong features)
    {
        ModelDriver driver = Start(features);
        _memory.Bytes[Data - RamStart] = 0x5a;
        driver.Add(TransportUnderTest.Buffers((Data, 16, false), (Data + 64, 16, true)), 2);
        Assert.Equal(0u, _transport.InterruptStatus);
        _transport.Notify(0);
        Assert.Equal(1u, _transport.InterruptStatus);
        Assert.NotEqual(0, _transport.Line.Level);
        Assert.True(driver.TryGetUsed(out _, out uint written));
        Assert.Equal(16u, written);
        Assert.Equal(0x5a, _memory.Bytes[Data + 64 - RamStart]);
        _transport.Write(0x64, 2);
        Assert.NotEqual(0, _transport.Line.Level);
        _transport.Write(0x64, 1);
        Assert.Equal(0, _transport.Line.Level);
        Assert.Equal(0u, _transport.InterruptStatus);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Many_requests_take_several_turns_and_all_are_done(ulong features)
    {
        ModelDriver driver = Start(features);
        for (int i = 0; i < 20; i++)
        {
            driver.Add(TransportUnderTest.Buffers((Data, 4, false), (Data + 64, 4, true)), 2);
        }

        _transport.Runner.MostTurns = 2;
        _transport.Notify(0);
        Assert.Equal(8, Drain(driver));
        _transport.Runner.MostTurns = int.MaxValue;
        _transport.Notify(0);
        Assert.Equal(12, Drain(driver));
        Assert.Equal(6, _transport.Runner.Turns); // the last one finds nothing
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Requests_that_were_there_before_the_driver_was_ready_are_done_then(ulong features)
    {
        _transport.Negotiate(features);
        ModelDriver driver = TransportUnderTest.MakeDriver(_memory, features, Ring, 64);
        _transport.SetUp(0, driver);
        driver.Add(TransportUnderTest.Buffers((Data, 4, false)), 1);
        _transport.Notify(0);
        Assert.Equal(0, Drain(driver));
        _transport.Start();
        Assert.Equal(1, Drain(driver));
        Assert.Equal(1, _device.Starts);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void What_a_queue_uses_does_not_change_under_it(ulong features)
    {
        ModelDriver driver = Start(features);
        _transport.Write(0x30, 0);
        _transport.Write(0x38, 3);
        _transport.Write(0x80, 0);
        _transport.Write(0x84, 0xffff);
        _transport.Write(0x90, 1);
        _transport.Write(0xa0, 1);
        driver.Add(TransportUnderTest.Buffers((Data, 4, false)), 1);
        _transport.Notify(0);
        Assert.Equal(1, Drain(driver));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_reset_puts_everything_back_and_a_driver_begins_anew(ulong features)
    {
        ModelDriver driver = Start(features);
        driver.Add(TransportUnderTest.Buffers((Data, 4, false)), 1);
        _transport.Notify(0);
        _transport.Write(0x70, 0);
        Assert.Equal(0u, _transport.Status);
        Assert.Equal(0u, _transport.InterruptStatus);
        Assert.Equal(0, _transport.Line.Level);
        Assert.Equal(0ul, _device.Features);
        _transport.Write(0x30, 0);
        Assert.Equal(0u, _transport.Read(0x44));
        System.Array.Clear(_memory.Bytes);
        driver = Start(features);
        driver.Add(TransportUnderTest.Buffers((Data, 4, false)), 1);
        _transport.Notify(0);
        Assert.Equal(1, Drain(driver));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_queue_is_reset_alone(ulong features)
    {
        ModelDriver driver = Start(features | VirtioFeatures.RingReset);
        ModelDriver other = TransportUnderTest.MakeDriver(_memory, features, OtherRing, 8);
        _transport.SetUp(1, other);
        driver.Add(TransportUnderTest.Buffers((Data, 4, false)), 1);
        _transport.Notify(0);
        int resets = _device.QueueResets;
        _transport.Write(0x30, 0);
        _transport.Write(0xc0, 1);
        Assert.Equal(resets + 1, _device.QueueResets);
        Assert.Equal(0u, _transport.Read(0xc0));
        Assert.Equal(0u, _transport.Read(0x44));
        Assert.Equal(15u, _transport.Status);
        other.Add(TransportUnderTest.Buffers((Data, 4, false)), 1);
        _transport.Notify(1);
        Assert.Equal(1, Drain(other));
        System.Array.Clear(_memory.Bytes, 0x1000, 0x2000);
        driver = TransportUnderTest.MakeDriver(_memory, features, Ring, 32);
        _transport.SetUp(0, driver);
        driver.Add(TransportUnderTest.Buffers((Data, 4, false)), 1);
        _transport.Notify(0);
        Assert.Equal(1, Drain(driver));
    }

    [Fact]
    public void A_queue_is_not_reset_alone_where_that_was_not_agreed_on()
    {
        Start(Good);
        _transport.Write(0x30, 0);
        _transport.Write(0xc0, 1);
        Assert.Equal(1u, _transport.Read(0x44));
    }

    [Fact]
    public void A_queue_that_is_made_unready_is_not_served()
    {
        ModelDriver driver = Start(Good);
        _transport.Write(0x30, 0);
        _transport.Write(0x44, 0);
        Assert.Equal(0u, _transport.Read(0x44));
        driver.Add(TransportUnderTest.Buffers((Data, 4, false)), 1);
        _transport.Notify(0);
        Assert.Equal(0, Drain(driver));
    }

    [Theory]
    [InlineData(0u, 0u, 0u, 0u)]
    [InlineData(24u, 0u, 0u, 0u)]
    [InlineData(128u, 0u, 0u, 0u)]
    [InlineData(0x8000_0000u, 0u, 0u, 0u)]
    [InlineData(8u, 8u, 0u, 0u)]
    [InlineData(8u, 0u, 1u, 0u)]
    [InlineData(8u, 0u, 0u, 2u)]
    public void A_queue_set_up_against_the_rules_is_refused(uint size, uint descriptors, uint driver, uint device)
    {
        _transport.Negotiate(Good);
        _transport.Write(0x30, 0);
        _transport.Write(0x38, size);
        _transport.Write(0x80, 0x4000_1000 + descriptors);
        _transport.Write(0x90, 0x4000_2000 + driver);
        _transport.Write(0xa0, 0x4000_3000 + device);
        _transport.Write(0x44, 1);
        Assert.Equal(0u, _transport.Read(0x44));
        Assert.NotEqual(0u, _transport.Status & TransportUnderTest.NeedsReset);
        _transport.Write(0x70, 0);
        Assert.Equal(0u, _transport.Status);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_broken_rule_stops_the_device_until_its_reset_and_is_told(ulong features)
    {
        ModelDriver driver = Start(features);
        driver.Add(TransportUnderTest.Buffers((RamStart - 8, 16, false), (Data, 16, true)), 2);
        _transport.Notify(0);
        Assert.Equal(0x4fu, _transport.Status);
        Assert.Equal(2u, _transport.InterruptStatus);
        Assert.NotEqual(0, _transport.Line.Level);
        Assert.Equal(0, Drain(driver));
        int turns = _transport.Runner.Turns;
        _transport.Notify(0);
        Assert.Equal(turns, _transport.Runner.Turns);
        _transport.Write(0x70, 0);
        Assert.Equal(0u, _transport.Status);
        Assert.Equal(0, _transport.Line.Level);
    }

    [Fact]
    public void A_change_of_the_configuration_is_told_to_a_driver_that_is_ready()
    {
        uint before = _transport.Read(0xfc);
        _transport.Transport.ConfigChanged(-1);
        Assert.NotEqual(before, _transport.Read(0xfc));
        Assert.Equal(0u, _transport.InterruptStatus);
        Start(Good);
        _transport.Transport.ConfigChanged(-1);
        Assert.Equal(2u, _transport.InterruptStatus);
        Assert.NotEqual(0, _transport.Line.Level);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_saved_device_goes_on_elsewhere(ulong features)
    {
        ModelDriver driver = Start(features | VirtioFeatures.EventIndex);
        for (int i = 0; i < 50; i++)
        {
            driver.Add(TransportUnderTest.Buffers((Data, 4, false), (Data + 64, 4, true)), 2);
            _transport.Notify(0);
            Assert.Equal(1, Drain(driver));
        }

        _transport.Write(0x108, 5);
        driver.Add(TransportUnderTest.Buffers((Data, 4, false)), 1);
        ulong[] words = new ulong[64];
        StateWriter writer = new(words);
        _transport.Transport.Save(ref writer);
        Assert.True(writer.IsComplete);

        EchoDevice device = new(_memory);
        TransportUnderTest copy = new(device);
        StateReader reader = new(words);
        Assert.True(copy.Transport.TryRestore(ref reader));
        Assert.Equal(_transport.Status, copy.Status);
        Assert.Equal(_transport.InterruptStatus, copy.InterruptStatus);
        Assert.Equal(5u, copy.Read(0x108));
        Assert.Equal(1, copy.Line.Level);
        copy.AcknowledgeInterrupt();
        copy.Transport.Resume();
        Assert.True(copy.Transport.Work(-1));
        Assert.Equal(1, Drain(driver));
        driver.Add(TransportUnderTest.Buffers((Data, 4, false)), 1);
        copy.Notify(0);
        Assert.Equal(1, Drain(driver));
    }

    [Fact]
    public void A_state_that_is_cut_off_or_wrong_leaves_a_reset_device()
    {
        Start(Good);
        ulong[] words = new ulong[64];
        StateWriter writer = new(words);
        _transport.Transport.Save(ref writer);
        for (int length = 0; length < writer.Count; length++)
        {
            StateReader cut = new(new System.ReadOnlySpan<ulong>(words, 0, length));
            Assert.False(_transport.Transport.TryRestore(ref cut));
            Assert.Equal(0u, _transport.Status);
        }

        words[writer.Count - 1] = uint.MaxValue;
        StateReader wrong = new(words);
        Assert.False(_transport.Transport.TryRestore(ref wrong));
        Assert.Equal(0u, _transport.Status);
    }

    private static int Drain(ModelDriver driver)
    {
        int count = 0;
        while (driver.TryGetUsed(out _, out _))
        {
            count++;
        }

        return count;
    }

    private ModelDriver Start(ulong features)
    {
        Assert.True(_transport.Negotiate(features));
        ModelDriver driver = TransportUnderTest.MakeDriver(_memory, features, Ring, 64);
        driver.WantInterrupt(true, 0);
        _transport.SetUp(0, driver);
        _transport.Start();
        return driver;
    }
}

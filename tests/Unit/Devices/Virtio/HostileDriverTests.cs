using System;
using System.Buffers.Binary;
using System.Globalization;
using SharpVisor.Devices.Virtio;
using SharpVisor.Network;
using SharpVisor.Storage;
using SharpVisor.Tests.Unit.Storage;
using Xunit;

namespace SharpVisor.Tests.Unit.Devices.Virtio;

/// <summary>
/// Drivers that do anything. Some thousand cases in each run; SHARPVISOR_FUZZ=10000000 in the environment says how many
/// in a long one, SHARPVISOR_FUZZ_SEED where they begin.
/// </summary>
public sealed class HostileDriverTests
{
    private const long CasesByDefault = 20_000;

    [Fact]
    public void No_driver_gets_a_balloon_to_do_more_than_give_up() => Run(memory => new BalloonDevice(memory));

    [Fact]
    public void No_driver_gets_an_echo_to_do_more_than_give_up() => Run(memory => new EchoDevice(memory));

    [Fact]
    public void No_driver_gets_random_numbers_to_do_more_than_give_up() => Run(memory => new EntropyDevice(memory, new CountingSource()));

    [Theory]
    [InlineData(true, 2)]
    [InlineData(false, 1)]
    public void No_driver_gets_a_disk_to_do_more_than_give_up(bool isPrompt, int queues)
    {
        HostDisk disk = new(256) { IsPrompt = isPrompt };
        ByteMemory? memory = null;
        Run(
            made =>
            {
                memory = made;
                return BlockUnderTest.Make(made, disk, queues);
            },
            PutBlockRequests,
            random =>
            {
                disk.Outcome = (DiskStatus)(random % 16 < 14 ? 0 : random % 16 - 13);
                disk.End((int)(random & 3) + 1, random >> 8);
                PutChain(memory!.Bytes, random >> 4);
            },
            rarity: 200);
        Assert.InRange(disk.Submitted, Number("SHARPVISOR_FUZZ", CasesByDefault) / 200, long.MaxValue);
    }

    // A chain of three in the first queue that makes sense, for the time being.
    private static void PutChain(byte[] bytes, ulong random)
    {
        for (uint i = 0; i < 3; i++)
        {
            Span<byte> at = bytes.AsSpan((int)(i * 16));
            ulong place = i == 0 ? 0x2000 + ((random % 64) * 32) : 0x3000 + (random / 64 % 32 * 256);
            uint length = i == 0 ? 16u : i == 1 ? (uint)(random / 4096 % 5) * 512 : 1;
            uint flags = (i < 2 ? 1u : 0) | (i == 2 || (random >> 20 & 1) != 0 && i == 1 ? 2u : 0);
            BinaryPrimitives.WriteUInt64LittleEndian(at, 0x4000_0000 + place);
            BinaryPrimitives.WriteUInt32LittleEndian(at[8..], length);
            BinaryPrimitives.WriteUInt32LittleEndian(at[12..], flags | (i + 1) << 16);
        }
    }

    // At every second place that is a multiple of 16 from one on: what a request begins with.
    private static void PutBlockRequests(byte[] bytes)
    {
        ReadOnlySpan<byte> kinds = [0, 1, 4, 8, 11, 13, 0, 1, 77];
        for (int i = 0x2000; i + 32 <= bytes.Length; i += 32)
        {
            bytes[i] = kinds[i / 32 % kinds.Length];
            bytes[i + 8] = (byte)(i / 64);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void No_driver_gets_a_network_to_do_more_than_give_up(int pairs)
    {
        NetworkSwitch network = new("net"u8, new SettableNetworkClock());
        EchoingReceiver peer = new(network);
        NetDevice? device = null;
        Run(
            memory =>
            {
                device = new NetDevice(memory, network, new PortSettings { Mac = 0x0200_0000_0001, AllowsSpoofing = true }, pairs);
                Assert.True(device.TryConnect());
                return device;
            },
            PutFrames,
            peer.Send,
            rarity: 400); // most of what it sends is no frame, and wants no answer
        Assert.InRange(peer.Received, 50, long.MaxValue);
        Assert.InRange((long)network.Decider.StatisticsOf(device!.Port).FramesOut, 50, long.MaxValue);
    }

    // From every second place that is a multiple of 16 on: a header that asks for little, addresses, numbers.
    private static void PutFrames(byte[] bytes)
    {
        for (int i = 0x3000; i + 32 <= bytes.Length; i += 32)
        {
            bytes[i] = (byte)(i / 32 % 3 == 0 ? 1 : 0);
            bytes[i + 6] = (byte)(i / 64);
            bytes[i + 8] = 2;
            bytes.AsSpan(i + 12, 6).Fill(0xff);
            bytes[i + 18] = 2;
            bytes[i + 23] = (byte)(i / 1024);
            bytes[i + 24] = 8;
        }
    }

    private static void Run(Func<ByteMemory, VirtioDevice> make, Action<byte[]>? prepare = null, Action<ulong>? stimulate = null, int rarity = 50)
    {
        long cases = Number("SHARPVISOR_FUZZ", CasesByDefault);
        ulong first = (ulong)Number("SHARPVISOR_FUZZ_SEED", 1);
        HostileDriver driver = new(make, prepare, stimulate);
        for (long i = 0; i < cases; i++)
        {
            ulong seed = first + (ulong)i;
            try
            {
                driver.Run(seed);
            }
            catch (Exception exception)
            {
                Assert.Fail($"SHARPVISOR_FUZZ_SEED={seed}: {exception}");
            }
        }

        // Both ways were gone often: served, and given up.
        Assert.InRange(driver.Interrupts, cases / rarity, cases);
        Assert.InRange(driver.GaveUp, cases / 50, cases);
        TestContext.Current.TestOutputHelper?.WriteLine($"{cases} cases, {driver.Interrupts} ended with an interrupt, {driver.GaveUp} with a device that gave up");
    }

    private static long Number(string variable, long otherwise) =>
        long.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : otherwise;
}

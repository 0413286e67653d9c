using System;
using System.Globalization;
using SharpVisor.Devices.Virtio;
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

    private static void Run(Func<ByteMemory, VirtioDevice> make)
    {
        long cases = Number("SHARPVISOR_FUZZ", CasesByDefault);
        ulong first = (ulong)Number("SHARPVISOR_FUZZ_SEED", 1);
        HostileDriver driver = new(make);
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
        Assert.InRange(driver.Interrupts, cases / 50, cases);
        Assert.InRange(driver.GaveUp, cases / 50, cases);
        TestContext.Current.TestOutputHelper?.WriteLine($"{cases} cases, {driver.Interrupts} ended with an interrupt, {driver.GaveUp} with a device that gave up");
    }

    private static long Number(string variable, long otherwise) =>
        long.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : otherwise;
}

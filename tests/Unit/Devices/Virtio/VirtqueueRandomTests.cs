using System.Linq;
using CsCheck;
using SharpVisor.Devices.Virtio;
using Xunit;

namespace SharpVisor.Tests.Unit.Devices.Virtio;

public sealed class VirtqueueRandomTests
{
    private static readonly ulong[] s_choices =
    [
        .. from packed in new[] { 0ul, VirtioFeatures.PackedRing }
           from events in new[] { 0ul, VirtioFeatures.EventIndex }
           from indirect in new[] { 0ul, VirtioFeatures.IndirectDescriptors }
           select VirtioFeatures.Version1 | packed | events | indirect,
    ];

    public static TheoryData<ulong> Choices => [.. s_choices];

    [Theory]
    [MemberData(nameof(Choices))]
    public void Requests_of_a_driver_are_served_whole_in_any_order_and_told(ulong features)
    {
        bool isPacked = (features & VirtioFeatures.PackedRing) != 0;
        Gen<int> size = isPacked ? Gen.Int[1, 40] : Gen.Int[0, 6].Select(shift => 1 << shift);
        Gen.Select(size, Gen.Int).Sample((places, seed) => new QueueScenario(features, places, seed).Run(400), iter: 60);
    }

    [Theory]
    [MemberData(nameof(Choices))]
    public void Counts_wrap_around_at_the_end_of_their_16_bits(ulong features)
    {
        QueueScenario scenario = new(features, 8, 1);
        while (scenario.Completed < 70_000)
        {
            scenario.Step();
        }

        scenario.Run(100);
    }
}

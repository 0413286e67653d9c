using System.Collections.Generic;
using System.Linq;
using System.Numerics;
using CsCheck;
using SharpVisor.Scheduling;
using Xunit;

namespace SharpVisor.Tests.Unit.Scheduling;

public sealed class VirtualClockTests
{
    [Fact]
    public void The_time_is_the_mean_by_weight_rounded_down_whatever_came_and_went()
    {
        Gen<(int Kind, uint Weight, long Distance, int Index)> operation =
            Gen.Select(Gen.Int[0, 3], Gen.UInt[1, 10_000], Gen.Long[-1L << 40, 1L << 40], Gen.Int[0, 7]);
        operation.Array[1, 60].Sample(operations =>
        {
            var clock = default(VirtualClock);
            var members = new List<(BigInteger Time, uint Weight)>();
            foreach ((int kind, uint weight, long distance, int index) in operations)
            {
                if (members.Count < 2 || kind == 0)
                {
                    ulong time = clock.Now + (ulong)distance;
                    clock.Join(time, weight);
                    members.Add((Unwrap(time), weight));
                }
                else if (kind == 1)
                {
                    (BigInteger time, uint itsWeight) = members[index % members.Count];
                    members.RemoveAt(index % members.Count);
                    clock.Leave((ulong)(time & ulong.MaxValue), itsWeight);
                }
                else
                {
                    (BigInteger time, uint itsWeight) = members[index % members.Count];
                    ulong growth = (ulong)distance & 0xff_ffff_ffff;
                    members[index % members.Count] = (time + growth, itsWeight);
                    clock.Advance(growth * itsWeight);
                }

                BigInteger weights = members.Aggregate(BigInteger.Zero, (sum, member) => sum + member.Weight);
                BigInteger total = members.Aggregate(BigInteger.Zero, (sum, member) => sum + (member.Time * member.Weight));
                BigInteger mean = BigInteger.DivRem(total, weights, out BigInteger remainder) - (remainder.Sign < 0 ? 1 : 0);
                Assert.Equal(mean, Unwrap(clock.Now));
                Assert.Equal(weights, clock.Weight);
                Assert.Contains(members, member => member.Time <= mean);
            }
        });
    }

    // Times lie around zero.
    private static BigInteger Unwrap(ulong time) => (long)time;
}

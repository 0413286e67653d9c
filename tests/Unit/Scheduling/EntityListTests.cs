using System.Collections.Generic;
using System.Linq;
using CsCheck;
using SharpVisor.Scheduling;
using Xunit;

namespace SharpVisor.Tests.Unit.Scheduling;

public sealed class EntityListTests
{
    [Fact]
    public void Entities_stand_in_the_order_of_their_keys_and_of_their_coming()
    {
        Gen.Select(Gen.Bool, Gen.ULong[0, 20], Gen.Int[0, 100]).Array[1, 60].Sample(operations =>
        {
            var list = default(EntityList);
            var model = new List<(ulong Key, SchedulingEntity Entity)>();
            foreach ((bool isRemoval, ulong key, int index) in operations)
            {
                if (isRemoval && model.Count > 0)
                {
                    list.Remove(model[index % model.Count].Entity);
                    model.RemoveAt(index % model.Count);
                }
                else
                {
                    // Across the wrap of the keys.
                    SchedulingEntity entity = new();
                    list.Insert(entity, key - 10);
                    model.Insert(model.TakeWhile(other => other.Key <= key).Count(), (key, entity));
                }

                var found = new List<SchedulingEntity>();
                for (SchedulingEntity? entity = list.First; entity != null; entity = entity.Next)
                {
                    found.Add(entity);
                }

                Assert.Equal(model.Select(pair => pair.Entity), found);
                Assert.Equal(model.Count, list.Count);
            }
        });
    }
}

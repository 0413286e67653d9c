using System.Runtime.CompilerServices;

namespace SharpVisor.Scheduling;

/// <summary>
/// Entities in the order of a key, lowest first, equal ones in the order in which they came. The links are in the
/// entities: one is in one list at a time. Keys wrap round: those in a list lie within half their range.
/// </summary>
/// <remarks>
/// A list, not a tree: who has just run has nearly always the latest key of all, and who is next is at the front or
/// close to it.
/// </remarks>
internal struct EntityList
{
    private SchedulingEntity? _last;

    /// <summary>The entity with the lowest key.</summary>
    internal SchedulingEntity? First { get; private set; }

    /// <summary>Number of entities.</summary>
    internal int Count { get; private set; }

    /// <summary>Puts an entity in its place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Insert(SchedulingEntity entity, ulong key)
    {
        SchedulingEntity? before = _last;
        while (before != null && (long)(before.Key - key) > 0)
        {
            before = before.Previous;
        }

        SchedulingEntity? after = before == null ? First : before.Next;
        entity.Key = key;
        entity.Previous = before;
        entity.Next = after;
        if (before == null)
        {
            First = entity;
        }
        else
        {
            before.Next = entity;
        }

        if (after == null)
        {
            _last = entity;
        }
        else
        {
            after.Previous = entity;
        }

        Count++;
    }

    /// <summary>Puts an entity into the list in place of the only one that is in it, if there is one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void SetOnly(SchedulingEntity entity, ulong key)
    {
        entity.Key = key;
        entity.Previous = null;
        entity.Next = null;
        First = entity;
        _last = entity;
        Count = 1;
    }

    /// <summary>Takes an entity out that is in this list.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Remove(SchedulingEntity entity)
    {
        SchedulingEntity? before = entity.Previous;
        SchedulingEntity? after = entity.Next;
        if (before == null)
        {
            First = after;
        }
        else
        {
            before.Next = after;
        }

        if (after == null)
        {
            _last = before;
        }
        else
        {
            after.Previous = before;
        }

        entity.Previous = null;
        entity.Next = null;
        Count--;
    }
}

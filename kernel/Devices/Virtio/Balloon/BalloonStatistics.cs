using System.Threading;

namespace SharpVisor.Devices.Virtio;

/// <summary>What a guest last told of its memory. It may be anything: it is shown, and nothing is decided by it.</summary>
public sealed class BalloonStatistics
{
    /// <summary>Bytes of one in the guest's buffer: a tag of 16 bits, a value of 64, with nothing between.</summary>
    internal const int EntrySize = 10;

    private readonly ulong[] _values = new ulong[(int)BalloonStatistic.Count];
    private uint _told;

    /// <summary>How often the guest has told something.</summary>
    public uint Updates { get; private set; }

    /// <summary>A statistic.</summary>
    /// <returns>False where the guest has never told it.</returns>
    public bool TryGet(BalloonStatistic which, out ulong value)
    {
        value = 0;
        if ((uint)which >= (uint)_values.Length || (Volatile.Read(ref _told) >> (int)which & 1) == 0)
        {
            return false;
        }

        value = Volatile.Read(ref _values[(int)which]);
        return true;
    }

    /// <summary>Takes one; tags that are not known are passed over.</summary>
    internal void Set(ushort tag, ulong value)
    {
        if (tag < (uint)_values.Length)
        {
            Volatile.Write(ref _values[tag], value);
            Volatile.Write(ref _told, _told | 1u << tag);
        }
    }

    /// <summary>A whole buffer was taken.</summary>
    internal void Complete() => Updates++;

    /// <summary>Forgets all.</summary>
    internal void Clear() => Volatile.Write(ref _told, 0);

    /// <summary>Writes them.</summary>
    internal void Save(ref StateWriter state)
    {
        state.Add(_told | (ulong)Updates << 32);
        for (int i = 0; i < _values.Length; i++)
        {
            state.Add(_values[i]);
        }
    }

    /// <summary>Takes over what <see cref="Save"/> wrote.</summary>
    internal void Restore(ref StateReader state)
    {
        ulong word = state.Take();
        _told = (uint)word & ((1u << _values.Length) - 1);
        Updates = (uint)(word >> 32);
        for (int i = 0; i < _values.Length; i++)
        {
            _values[i] = state.Take();
        }
    }
}

namespace SharpVisor.Network;

/// <summary>
/// Which addresses are behind which port, forgotten after a while. Each port has room for a fixed number of its own: what
/// one port makes known takes nothing away from the others.
/// </summary>
/// <remarks>
/// An open hash table with linear probing that is never more than three quarters full. A port's addresses stand in a ring
/// beside it: a new one takes the place of the one that was learnt longest ago.
/// </remarks>
public sealed class AddressTable
{
    private const int None = -1;
    private const int Bits = 10;
    private const int Size = 1 << Bits;
    private const int MostEntries = Size * 3 / 4;
    private const int PinnedPlace = 0xffff;

    private readonly ulong[] _keys = new ulong[Size]; // 0: free
    private readonly ulong[] _seen = new ulong[Size];
    private readonly uint[] _owners = new uint[Size]; // port, and the place in its ring above
    private readonly ulong[]?[] _rings;
    private readonly int[] _hands;
    private readonly ulong _lifetime;
    private int _reserved;

    /// <summary>Makes an empty table.</summary>
    /// <param name="ports">Most ports.</param>
    /// <param name="lifetime">Ticks after which an address is forgotten.</param>
    public AddressTable(int ports, ulong lifetime)
    {
        _rings = new ulong[]?[ports];
        _hands = new int[ports];
        _lifetime = lifetime;
    }

    /// <summary>Gives a port room; it has none before. False where there is not so much left.</summary>
    /// <param name="port">The port.</param>
    /// <param name="ring">Where its addresses are kept: one word each, of the caller's.</param>
    public bool TryOpen(int port, ulong[] ring)
    {
        if (_reserved + ring.Length + 1 > MostEntries) // and one that is pinned
        {
            return false;
        }

        _reserved += ring.Length + 1;
        _rings[port] = ring;
        _hands[port] = 0;
        return true;
    }

    /// <summary>Forgets a port with all of its addresses.</summary>
    public void Close(int port)
    {
        ulong[]? ring = _rings[port];
        if (ring == null)
        {
            return;
        }

        for (int i = Size - 1; i >= 0; i--)
        {
            while (_keys[i] != 0 && (ushort)_owners[i] == port)
            {
                RemoveAt(i); // another one may have moved here
            }
        }

        for (int i = 0; i < ring.Length; i++)
        {
            ring[i] = 0;
        }

        _reserved -= ring.Length + 1;
        _rings[port] = null;
    }

    /// <summary>The port of an address; -1 where it is not known, or was not heard of for too long.</summary>
    /// <param name="key">The address; not 0.</param>
    /// <param name="now">The clock.</param>
    public int Find(ulong key, ulong now)
    {
        int at = IndexOf(key);
        return at == None || IsOld(at, now) ? None : (ushort)_owners[at];
    }

    /// <summary>Whether an address belongs to a port for as long as that is there.</summary>
    public bool IsPinned(ulong key)
    {
        int at = IndexOf(key);
        return at != None && _owners[at] >> 16 == PinnedPlace;
    }

    /// <summary>Keeps an address for a port for as long as that is there; one for each. False where it belongs to another.</summary>
    public bool TryPin(ulong key, int port)
    {
        int at = IndexOf(key);
        if (at != None)
        {
            if (_owners[at] >> 16 == PinnedPlace)
            {
                return (ushort)_owners[at] == port;
            }

            RemoveAt(at);
        }

        Add(key, (uint)port | ((uint)PinnedPlace << 16), 0);
        return true;
    }

    /// <summary>An address was seen behind a port, where it is from now on; a pinned one stays where it is.</summary>
    public void Learn(ulong key, int port, ulong now)
    {
        int at = IndexOf(key);
        if (at != None)
        {
            if (_owners[at] >> 16 == PinnedPlace)
            {
                return;
            }

            if ((ushort)_owners[at] == port)
            {
                _seen[at] = now;
                return;
            }

            RemoveAt(at);
        }

        ulong[]? ring = _rings[port];
        if (ring == null || ring.Length == 0)
        {
            return;
        }

        int place = _hands[port];
        _hands[port] = place + 1 == ring.Length ? 0 : place + 1;
        uint owner = (uint)port | ((uint)place << 16);
        int before = ring[place] == 0 ? None : IndexOf(ring[place]);
        if (before != None && _owners[before] == owner) // it has not moved to another port since
        {
            RemoveAt(before);
        }

        ring[place] = key;
        Add(key, owner, now);
    }

    private bool IsOld(int at, ulong now) => _owners[at] >> 16 != PinnedPlace && now - _seen[at] > _lifetime;

    private static int HomeOf(ulong key) => (int)((key * 0x9e37_79b9_7f4a_7c15) >> (64 - Bits));

    private int IndexOf(ulong key)
    {
        for (int i = HomeOf(key); _keys[i] != 0; i = (i + 1) & (Size - 1))
        {
            if (_keys[i] == key)
            {
                return i;
            }
        }

        return None;
    }

    private void Add(ulong key, uint owner, ulong now)
    {
        int at = HomeOf(key);
        while (_keys[at] != 0)
        {
            at = (at + 1) & (Size - 1);
        }

        _keys[at] = key;
        _owners[at] = owner;
        _seen[at] = now;
    }

    /// <summary>Frees a place, and moves up those behind that are not where they belong.</summary>
    private void RemoveAt(int hole)
    {
        for (int i = (hole + 1) & (Size - 1); _keys[i] != 0; i = (i + 1) & (Size - 1))
        {
            int distance = (i - HomeOf(_keys[i])) & (Size - 1);
            if (distance >= ((i - hole) & (Size - 1)))
            {
                _keys[hole] = _keys[i];
                _owners[hole] = _owners[i];
                _seen[hole] = _seen[i];
                hole = i;
            }
        }

        _keys[hole] = 0;
    }
}

namespace SharpVisor.Console;

/// <summary>What was typed for a VM and waits until its guest takes it.</summary>
/// <remarks>Its owner does the locking.</remarks>
internal sealed class InputRing
{
    private readonly byte[] _bytes;
    private uint _first;
    private uint _next;

    /// <summary>Makes an empty ring.</summary>
    /// <param name="capacity">Bytes, a power of two.</param>
    internal InputRing(int capacity) => _bytes = new byte[capacity];

    /// <summary>Bytes that there is still room for.</summary>
    internal int Room => _bytes.Length - (int)(_next - _first);

    /// <summary>Adds a byte. False where there is no room.</summary>
    internal bool TryPut(byte value)
    {
        if (Room == 0)
        {
            return false;
        }

        _bytes[(int)_next & (_bytes.Length - 1)] = value;
        _next++;
        return true;
    }

    /// <summary>Takes the oldest byte. False where there is none.</summary>
    internal bool TryTake(out byte value)
    {
        value = 0;
        if (_first == _next)
        {
            return false;
        }

        value = _bytes[(int)_first & (_bytes.Length - 1)];
        _first++;
        return true;
    }
}

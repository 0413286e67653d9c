namespace SharpVisor.Formats;

/// <summary>Who compresses the blocks of a <see cref="Sha256"/>: portable code, which is the default, or the CPU's own instructions.</summary>
public readonly unsafe struct Sha256Compression
{
    private readonly delegate*<uint*, byte*, int, void> _method;

    /// <summary>Another way than portable code.</summary>
    /// <param name="method">
    /// Takes the state (8 words, a to h), the first block and the number of blocks of 64 bytes, at least 1, and leaves
    /// the new state.
    /// </param>
    public Sha256Compression(delegate*<uint*, byte*, int, void> method)
    {
        _method = method;
    }

    /// <summary>Compresses; false where portable code is wanted.</summary>
    internal bool TryCompress(uint* state, byte* blocks, int count)
    {
        if (_method == null)
        {
            return false;
        }

        _method(state, blocks, count);
        return true;
    }
}

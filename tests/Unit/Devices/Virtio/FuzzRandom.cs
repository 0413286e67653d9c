namespace SharpVisor.Tests.Unit.Devices.Virtio;

/// <summary>Random numbers, many of them, the same for the same seed everywhere (SplitMix64).</summary>
internal sealed class FuzzRandom(ulong seed)
{
    private ulong _state = seed;

    internal ulong Next()
    {
        _state += 0x9e37_79b9_7f4a_7c15;
        ulong z = _state;
        z = (z ^ (z >> 30)) * 0xbf58_476d_1ce4_e5b9;
        z = (z ^ (z >> 27)) * 0x94d0_49bb_1331_11eb;
        return z ^ (z >> 31);
    }

    /// <summary>From 0 to below a limit.</summary>
    internal uint Below(uint limit) => (uint)((Next() >> 32) * limit >> 32);

    /// <summary>True once in so many times.</summary>
    internal bool OneIn(uint times) => Below(times) == 0;
}

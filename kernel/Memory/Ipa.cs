namespace SharpVisor.Memory;

/// <summary>An intermediate physical address: what a guest takes for physical, in bytes (Arm ARM D8.1).</summary>
public readonly struct Ipa
{
    /// <summary>Wraps a byte address.</summary>
    public Ipa(ulong value) => Value = value;

    /// <summary>The byte address.</summary>
    public ulong Value { get; }
}

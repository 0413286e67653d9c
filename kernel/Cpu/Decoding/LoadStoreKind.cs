namespace SharpVisor.Cpu;

/// <summary>What a decoded instruction does to memory.</summary>
public enum LoadStoreKind : byte
{
    /// <summary>Moves one or two registers from or to memory.</summary>
    Transfer,

    /// <summary>PRFM: no access that anybody could see.</summary>
    Prefetch,

    /// <summary>Maintenance of a cache by address, or an address translation: no data moves.</summary>
    CacheMaintenance,

    /// <summary>DC ZVA and its kin: stores zeros or tags to a whole block.</summary>
    CacheZero,

    /// <summary>
    /// Accesses memory in a way that means nothing at a device: exclusive, atomic, tagged, 64-byte, structured SIMD, or
    /// through an authenticated pointer.
    /// </summary>
    NotEmulated,
}

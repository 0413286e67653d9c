namespace SharpVisor.Memory;

/// <summary>Attribute bits of leaf entries of the EL2 map (Arm ARM D8.3.1); indices into the MAIR of boot/entry.S. Nothing is both writable and executable.</summary>
public static class HypervisorAttributes
{
    private const ulong AccessFlag = 1ul << 10;
    private const ulong InnerShareable = 3ul << 8;
    private const ulong ReadOnlyBit = 1ul << 7;
    private const ulong Reserved1 = 1ul << 6; // AP[1] is RES1 where there is one exception level
    private const ulong Normal = 2ul << 2;
    private const ulong ExecuteNever = 1ul << 54;

    /// <summary>Code.</summary>
    public const ulong Text = AccessFlag | InnerShareable | ReadOnlyBit | Reserved1 | Normal;

    /// <summary>Constants.</summary>
    public const ulong ReadOnlyData = Text | ExecuteNever;

    /// <summary>Everything else in memory.</summary>
    public const ulong Data = AccessFlag | InnerShareable | Reserved1 | Normal | ExecuteNever;

    /// <summary>Device registers: Device-nGnRnE.</summary>
    public const ulong Device = AccessFlag | Reserved1 | ExecuteNever;
}

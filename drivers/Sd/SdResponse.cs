namespace SharpVisor.Drivers;

/// <summary>What a card answers to a command (SD Physical Layer Simplified Specification, 4.9).</summary>
internal enum SdResponse
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>48 bits with a checksum: R1, R6, R7.</summary>
    Short,

    /// <summary>48 bits, then busy for a while: R1b.</summary>
    ShortBusy,

    /// <summary>48 bits without a checksum: R3.</summary>
    ShortUnchecked,

    /// <summary>136 bits: R2.</summary>
    Long,
}

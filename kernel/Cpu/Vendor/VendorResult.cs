namespace SharpVisor.Cpu;

/// <summary>What <see cref="VendorFunctions"/> answer in X0. The first three are SMCCC's own (DEN0028, 7.1).</summary>
public static class VendorResult
{
    /// <summary>Done.</summary>
    public const ulong Success = 0;

    /// <summary>Connect: the offer stands, and the other VM has not asked yet.</summary>
    public const ulong Waiting = 1;

    /// <summary>−1: there is no such function.</summary>
    public const ulong NotSupported = unchecked((ulong)-1L);

    /// <summary>−3: an argument is outside what is allowed.</summary>
    public const ulong InvalidParameter = unchecked((ulong)-3L);

    /// <summary>−16: all channels of the VM are in use, or the machine has no memory for it.</summary>
    public const ulong NoRoom = unchecked((ulong)-16L);

    /// <summary>−17: there is a channel with that VM already; disconnect it first.</summary>
    public const ulong AlreadyThere = unchecked((ulong)-17L);

    /// <summary>−18: the other VM asks for another size.</summary>
    public const ulong SizeDiffers = unchecked((ulong)-18L);

    /// <summary>−19: the channel is not connected.</summary>
    public const ulong NotConnected = unchecked((ulong)-19L);
}

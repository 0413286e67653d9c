namespace SharpVisor.Arch;

/// <summary>
/// The remainder of EL3 in boot/entry.S, where the machine started there without firmware: device registers that only the
/// secure world may write.
/// </summary>
public static class SecureMonitor
{
    private const ulong WriteService = 0xc200_0001;

    /// <summary>Whether the machine started at EL3, so that the monitor is ours.</summary>
    public static bool IsThere { get; set; }

    /// <summary>Writes 32 bits of a device register as the secure world. Only where <see cref="IsThere"/>.</summary>
    public static void Write32(ulong address, uint value) => Smc.Call(WriteService, address, value, 0);
}

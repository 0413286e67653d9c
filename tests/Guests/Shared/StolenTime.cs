namespace SharpVisor.Guests;

/// <summary>For how long a VCpu could have run and others did (DEN0057).</summary>
internal static class StolenTime
{
    private const ulong ArchitectureFeatures = 0x8000_0001;
    private const ulong TimeFeatures = 0xc500_0020;
    private const ulong Locate = 0xc500_0021;
    private const ulong TimeOffset = 8;

    /// <summary>Finds the calling VCpu's record.</summary>
    /// <returns>False where the machine has none.</returns>
    internal static bool TryFind(out ulong record)
    {
        record = 0;
        if ((long)Native.Hypercall(ArchitectureFeatures, TimeFeatures, 0, 0) < 0 || (long)Native.Hypercall(TimeFeatures, Locate, 0, 0) != 0)
        {
            return false;
        }

        record = Native.Hypercall(Locate, 0, 0, 0);
        return (long)record > 0;
    }

    /// <summary>Nanoseconds since the VM was powered on.</summary>
    internal static ulong Read(ulong record) => Native.Read64(record + TimeOffset);
}

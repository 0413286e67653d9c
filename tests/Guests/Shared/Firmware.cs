using System.Diagnostics.CodeAnalysis;

namespace SharpVisor.Guests;

/// <summary>PSCI by HVC (DEN0022).</summary>
internal static class Firmware
{
    internal const ulong Version = 0x8400_0000;
    internal const ulong CpuOff = 0x8400_0002;
    internal const ulong SystemOff = 0x8400_0008;
    internal const ulong SystemReset = 0x8400_0009;
    internal const ulong CpuOn = 0xc400_0003;

    /// <summary>Ends the machine.</summary>
    [DoesNotReturn]
    internal static void PowerOff()
    {
        Native.Hypercall(SystemOff, 0, 0, 0);
        while (true)
        {
            Native.WaitForInterrupt();
        }
    }

    /// <summary>Starts another CPU at the shared secondary entry. 0 on success.</summary>
    internal static long StartCpu(ulong number) => (long)Native.Hypercall(CpuOn, number, Native.SecondaryEntry(), number);
}

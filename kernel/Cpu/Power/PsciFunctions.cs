using System.Runtime.CompilerServices;

namespace SharpVisor.Cpu;

/// <summary>
/// The power and architecture services that a guest finds behind HVC: PSCI 1.1 (DEN0022) and SMCCC 1.1 (DEN0028).
/// Here are the function numbers and the calls whose answer does not depend on who asks.
/// </summary>
public static class PsciFunctions
{
    public const uint SmcccVersion = 0x8000_0000;
    public const uint SmcccArchFeatures = 0x8000_0001;
    public const uint SmcccWorkaround3 = 0x8000_3fff;
    public const uint SmcccWorkaround2 = 0x8000_7fff;
    public const uint SmcccWorkaround1 = 0x8000_8000;

    public const uint PsciVersion = 0x8400_0000;
    public const uint CpuSuspend32 = 0x8400_0001;
    public const uint CpuOff = 0x8400_0002;
    public const uint CpuOn32 = 0x8400_0003;
    public const uint AffinityInfo32 = 0x8400_0004;
    public const uint MigrateInfoType = 0x8400_0006;
    public const uint SystemOff = 0x8400_0008;
    public const uint SystemReset = 0x8400_0009;
    public const uint PsciFeatures = 0x8400_000a;
    public const uint SystemReset2Call32 = 0x8400_0012;
    public const uint CpuSuspend64 = 0xc400_0001;
    public const uint CpuOn64 = 0xc400_0003;
    public const uint AffinityInfo64 = 0xc400_0004;
    public const uint SystemReset2Call64 = 0xc400_0012;

    /// <summary>PV_TIME_FEATURES (DEN0057): which of the calls for paravirtualised time there are.</summary>
    public const uint TimeFeatures = 0xc500_0020;

    /// <summary>PV_TIME_ST: where the calling VCpu is told of stolen time.</summary>
    public const uint StolenTime = 0xc500_0021;

    /// <summary>SYSTEM_RESET2's only architectural reset type.</summary>
    public const uint WarmReset = 0;

    /// <summary>Bit 30 of a function number: arguments are 64 bits wide.</summary>
    public const uint Call64 = 1u << 30;

    // Bits 31:24 of a fast call, of 32 bits, to a vendor's hypervisor (DEN0028, 2.5).
    private const uint VendorOwner = 0x86;

    // Major in 31:16, minor in 15:0.
    private const ulong Version11 = 0x1_0001;

    // MIGRATE_INFO_TYPE: no trusted OS, or one that needs no migration.
    private const ulong MigrationNotRequired = 2;

    // CPU_SUSPEND's feature flags: the original power-state format, no OS-initiated mode.
    private const ulong SuspendFlags = 0;

    private const ulong NotSupported = unchecked((ulong)PsciResult.NotSupported);

    /// <summary>SMCCC_ARCH_WORKAROUND_1 (Spectre variant 2), as the firmware said at start-up.</summary>
    public static WorkaroundAnswer Workaround1 { get; set; }

    /// <summary>SMCCC_ARCH_WORKAROUND_2 (Spectre variant 4).</summary>
    public static WorkaroundAnswer Workaround2 { get; set; }

    /// <summary>SMCCC_ARCH_WORKAROUND_3 (Spectre-BHB).</summary>
    public static WorkaroundAnswer Workaround3 { get; set; }

    /// <summary>Answers a call whose result is a constant. Free of SIMD; PSCI_VERSION costs one comparison.</summary>
    /// <param name="function">X0; the number is its lower half.</param>
    /// <param name="a1">X1.</param>
    /// <param name="result">The new X0; only set where the result is true.</param>
    /// <returns>False where it is no such call.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryFast(ulong function, ulong a1, out ulong result)
    {
        if ((uint)function == PsciVersion)
        {
            result = Version11;
            return true;
        }

        if (((uint)function >> 24 & ~(Call64 >> 24)) == VendorOwner)
        {
            result = 0;
            return false;
        }

        return TryConstant((uint)function, (uint)a1, out result);
    }

    /// <summary>Whether a number is one of the firmware workarounds that a guest may call, and the firmware has it.</summary>
    public static bool IsWorkaroundCall(uint function) => function switch
    {
        SmcccWorkaround1 => Workaround1 == WorkaroundAnswer.Required,
        SmcccWorkaround2 => Workaround2 == WorkaroundAnswer.Required,
        SmcccWorkaround3 => Workaround3 == WorkaroundAnswer.Required,
        _ => false,
    };

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool TryConstant(uint function, uint a1, out ulong result)
    {
        switch (function)
        {
            case PsciFeatures:
                result = FeaturesOf(a1);
                return true;
            case MigrateInfoType:
                result = MigrationNotRequired;
                return true;
            case SmcccVersion:
                result = Version11;
                return true;
            case SmcccArchFeatures:
                result = ArchitectureFeaturesOf(a1);
                return true;
            case TimeFeatures:
                result = a1 is TimeFeatures or StolenTime ? 0 : NotSupported;
                return true;
            default:
                result = 0;
                return false;
        }
    }

    private static ulong FeaturesOf(uint function)
    {
        switch (function)
        {
            case CpuSuspend32:
            case CpuSuspend64:
                return SuspendFlags;
            case PsciVersion:
            case CpuOff:
            case CpuOn32:
            case CpuOn64:
            case AffinityInfo32:
            case AffinityInfo64:
            case MigrateInfoType:
            case SystemOff:
            case SystemReset:
            case SystemReset2Call32:
            case SystemReset2Call64:
            case PsciFeatures:
            case SmcccVersion:
                return 0;
            default:
                return NotSupported;
        }
    }

    private static ulong ArchitectureFeaturesOf(uint function)
    {
        switch (function)
        {
            case SmcccVersion:
            case SmcccArchFeatures:
            case TimeFeatures:
                return 0;
            case SmcccWorkaround1:
                return (ulong)Workaround1 - 1;
            case SmcccWorkaround2:
                return (ulong)Workaround2 - 1;
            case SmcccWorkaround3:
                return (ulong)Workaround3 - 1;
            default:
                return NotSupported;
        }
    }
}

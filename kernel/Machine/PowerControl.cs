using SharpVisor.Arch;

namespace SharpVisor.Machine;

/// <summary>Ends or restarts the physical machine through PSCI firmware (DEN0022, 5.11).</summary>
internal static class PowerControl
{
    private const ulong SystemOff = 0x8400_0008;

    /// <summary>Whether the firmware takes PSCI calls by SMC; known once the device tree was read.</summary>
    internal static bool HasFirmware { get; set; }

    /// <summary>Switches the machine off where firmware can; returns where it cannot.</summary>
    internal static void Off()
    {
        if (HasFirmware)
        {
            Smc.Call(SystemOff, 0, 0, 0);
        }
    }
}

namespace SharpVisor.Build.Running;

/// <summary>Names for BOARD=.</summary>
internal static class Boards
{
    /// <summary>QEMU's generic machine.</summary>
    internal const string Virt = "virt";

    /// <summary>Raspberry Pi 3 B: 4 Cortex-A53, 1 GiB, no GIC.</summary>
    internal const string RaspberryPi3 = "raspi3b";
}

namespace SharpVisor.Drivers;

/// <summary>Clocks by the numbers of the VideoCore's firmware.</summary>
public enum VideoCoreClock
{
    /// <summary>Of the Arasan SD host.</summary>
    Emmc = 1,

    /// <summary>Of the PL011.</summary>
    Uart = 2,

    /// <summary>Of the VideoCore and, with it, of the mini-UART and the BCM2835 SD host.</summary>
    Core = 4,

    /// <summary>Of the SD host of a BCM2711.</summary>
    Emmc2 = 12,
}

using System.Globalization;

namespace SharpVisor.Hvctl.Tracing;

/// <summary>Why a guest was left, in words: by exception class and, for an access, by the device of the guest's machine.</summary>
internal static class ExitText
{
    private const ulong RamStart = 0x4000_0000;
    private const ulong VirtioStart = 0x0a00_0000;
    private const ulong VirtioEnd = 0x0a00_4000;
    private const ulong VirtioSize = 0x200;
    private const ulong QueueNotify = 0x50;

    /// <summary>The reason.</summary>
    /// <param name="syndrome">ESR_EL2.</param>
    /// <param name="address">IPA of an access.</param>
    internal static string Describe(uint syndrome, ulong address) => (syndrome >> 26) switch
    {
        0x01 => (syndrome & 1) != 0 ? "WFE" : "WFI",
        0x16 => "hypercall",
        0x17 => "SMC",
        0x18 => "register",
        0x20 => "memory (code)",
        0x24 => Access(syndrome, address),
        0x07 or 0x19 => "floating point",
        0x30 or 0x32 or 0x34 or 0x3c => "debug",
        uint other => string.Create(CultureInfo.InvariantCulture, $"exception 0x{other:x2}"),
    };

    /// <summary>An interrupt's name.</summary>
    internal static string Interrupt(ulong number) => number switch
    {
        < 16 => string.Create(CultureInfo.InvariantCulture, $"SGI {number}"),
        25 => "GIC maintenance",
        26 => "hypervisor timer",
        27 => "virtual timer",
        30 => "physical timer",
        < 32 => string.Create(CultureInfo.InvariantCulture, $"PPI {number}"),
        >= 1020 and < 1024 => "no interrupt",
        _ => string.Create(CultureInfo.InvariantCulture, $"SPI {number - 32}"),
    };

    private static string Access(uint syndrome, ulong address)
    {
        if (address >= RamStart)
        {
            return "memory";
        }

        string way = (syndrome >> 6 & 1) != 0 ? "write" : "read";
        if (address is >= VirtioStart and < VirtioEnd)
        {
            ulong slot = (address - VirtioStart) / VirtioSize;
            return string.Create(CultureInfo.InvariantCulture, $"virtio {slot} {((address % VirtioSize) == QueueNotify ? "notify" : way)}");
        }

        string device = address switch
        {
            < 0x0800_0000 => "flash",
            < 0x0801_0000 => "GIC distributor",
            < 0x0804_0000 => "GIC CPU interface",
            >= 0x080a_0000 and < 0x0900_0000 => "GIC redistributor",
            >= 0x0900_0000 and < 0x0900_1000 => "UART",
            >= 0x0901_0000 and < 0x0901_1000 => "RTC",
            >= 0x0903_0000 and < 0x0903_1000 => "GPIO",
            _ => "device",
        };
        return $"{device} {way}";
    }
}

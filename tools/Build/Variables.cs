using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace SharpVisor.Build;

/// <summary>Every variable that a verb understands, in the order in which <c>help</c> shows them.</summary>
internal static class Variables
{
    /// <summary>Values of GUEST that are words, not files.</summary>
    internal const string LinuxGuest = "linux";
    internal const string EmbeddedGuest = "embedded";

    internal static readonly Variable Board = new("BOARD", "virt", "machine: virt or raspi3b", OneOf("virt", "raspi3b"));
    internal static readonly Variable Cpu = new("CPU", "", "processor, a QEMU name (virt: cortex-a72)", Anything);
    internal static readonly Variable Smp = new("SMP", "2", "processors, 1 to 8 (raspi3b: always 4)", Number(1, 8));
    internal static readonly Variable Mem = new("MEM", "1G", "memory of the machine (raspi3b: always 1G)", Size);
    internal static readonly Variable Gic = new("GIC", "3", "interrupt controller of the machine, 2 or 3", OneOf("2", "3"));
    internal static readonly Variable Disk = new("DISK", "", "a disk of the machine (virtio0 for VMs), an image", ExistingFile);
    internal static readonly Variable DiskBus = new("DISK_BUS", "mmio", "where that is: mmio or pci", OneOf("mmio", "pci"));
    internal static readonly Variable Guest = new("GUEST", "", "linux (fetched; the default), embedded, or a file:\nImage (plain or gzip), ELF64 or flat binary", GuestFile);
    internal static readonly Variable Initrd = new("INITRD", "", "the guest's initramfs, a file", ExistingFile);
    internal static readonly Variable CommandLine = new("CMDLINE", "", "the guest's kernel command line", Anything);
    internal static readonly Variable VCpus = new("VCPUS", "", "virtual processors, 1 to 8 (as many as SMP)", Number(1, 8));
    internal static readonly Variable Memory = new("MEMORY", "256M", "memory of the guest", Size);
    internal static readonly Variable GuestGic = new("GUEST_GIC", "", "the guest's interrupt controller, 2 or 3 (as GIC)", OneOf("2", "3"));
    internal static readonly Variable BootBundle = new("BUNDLE", "", "a boot bundle to run in place of GUEST, a file", ExistingFile);
    internal static readonly Variable Definitions = new("VMS", "", "for bundle: VM definitions, a TOML file", ExistingFile);
    internal static readonly Variable Output = new("OUT", "", "for bundle: where to (beside VMS, its name with .itb);\nfor sdcard: build/sdcard.img", Anything);
    internal static readonly Variable Arguments = new("ARGS", "", "for hvctl: its words, such as \"start web\"", Anything);
    internal static readonly Variable Firmware = new("FIRMWARE", "", "for sdcard: folder with the Raspberry Pi's firmware", ExistingFolder);
    internal static readonly Variable Report = new("REPORT", "", "for symbolize: a report, a file (standard input)", ExistingFile);
    internal static readonly Variable Seed = new("SEED", "", "for soak: chooses what is done (by chance)", Number(0, 1_000_000));
    internal static readonly Variable Length = new("LENGTH", "1000", "for soak: virtual machines to make and destroy;\n200 hostile drivers of each virtio device for each", Number(1, 1_000_000));
    internal static readonly Variable Qemu = new("QEMU", "qemu-system-aarch64", "emulator, a name or a path", Anything);
    internal static readonly Variable QemuArguments = new("QEMU_ARGS", "", "more arguments for the emulator", Anything);
    internal static readonly Variable Toolchain = new("TOOLCHAIN", "ilc", "compiler: ilc (fetched) or bflat (from PATH)", OneOf("ilc", "bflat"));

    internal static readonly IReadOnlyList<Variable> All =
    [
        Board, Cpu, Smp, Mem, Gic, Disk, DiskBus, Guest, Initrd, CommandLine, VCpus, Memory, GuestGic, BootBundle, Definitions, Output, Arguments, Firmware, Report, Seed, Length, Qemu, QemuArguments,
        Toolchain,
    ];

    /// <summary>Bytes in a size such as 512M, 1G or 65536K; null when it is none. A bare number counts MiB, as QEMU has it.</summary>
    internal static long? ParseSize(string text)
    {
        int shift = text.Length == 0 ? 0 : char.ToUpperInvariant(text[^1]) switch { 'K' => 10, 'M' => 20, 'G' => 30, _ => 0 };
        string digits = shift == 0 ? text : text[..^1];
        bool isNumber = long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long number);
        return isNumber && number is > 0 and < 1 << 24 ? number << (shift == 0 ? 20 : shift) : null;
    }

    private static string? Anything(string value) => null;

    private static string? Size(string value) => ParseSize(value) is null ? "a size such as 512M or 1G" : null;

    private static string? ExistingFile(string value) => File.Exists(value) ? null : "a file that exists";

    private static string? ExistingFolder(string value) => Directory.Exists(value) ? null : "a folder that exists";

    private static string? GuestFile(string value) =>
        value is LinuxGuest or EmbeddedGuest || File.Exists(value) ? null : "linux, embedded or a file that exists";

    private static Func<string, string?> OneOf(params string[] words) =>
        value => words.Contains(value) ? null : string.Join(" or ", words);

    private static Func<string, string?> Number(int lowest, int highest) =>
        value => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= lowest && number <= highest
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"a number from {lowest} to {highest}");
}

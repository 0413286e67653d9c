using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace SharpVisor.Build.Setup;

/// <summary>The programs that verbs ask for.</summary>
internal static class Tools
{
    // Releases of LLVM whose versioned names (clang-14) are tried, newest first.
    private const int NewestLlvm = 23;
    private const int OldestLlvm = 11;

    internal static readonly Tool Clang = new(Versioned("clang"), "clang", "clang", "llvm", "LLVM.LLVM");
    internal static readonly Tool Lld = new(Versioned("ld.lld"), "lld", "lld", "lld", "LLVM.LLVM");
    internal static readonly Tool Qemu = new(["qemu-system-aarch64"], "qemu-system-arm", "qemu-system-aarch64", "qemu", "SoftwareFreedomConservancy.QEMU");
    internal static readonly Tool Gdb = new(["gdb-multiarch", "aarch64-elf-gdb", "aarch64-none-elf-gdb", "gdb"], "gdb-multiarch", "gdb", "aarch64-elf-gdb", "Arm.GnuArmEmbeddedToolchain");

    // Windows has it in MSYS2 (pacman -S mtools) and in WSL.
    internal static readonly Tool Mformat = new(["mformat"], "mtools", "mtools", "mtools", "MSYS2.MSYS2");
    internal static readonly Tool Mcopy = new(["mcopy"], "mtools", "mtools", "mtools", "MSYS2.MSYS2");

    private static List<string> Versioned(string name) =>
    [
        name,
        .. Enumerable.Range(OldestLlvm, NewestLlvm - OldestLlvm + 1).Reverse().Select(version => string.Create(CultureInfo.InvariantCulture, $"{name}-{version}")),
    ];
}

using System;
using System.Runtime;
using System.Runtime.CompilerServices;
using SharpVisor.Arch;
using SharpVisor.Debug;
using SharpVisor.Formats;
using SharpVisor.Memory;

namespace SharpVisor.Machine;

/// <summary>Takes up the VMs that the boot loader's ramdisk defines: a boot bundle, or one bare kernel.</summary>
internal static unsafe class BootBundle
{
    private const ulong MemoryForBareKernel = 512ul << 20;
    private const ulong MemoryForEmbedded = 32ul << 20;

    /// <summary>Takes up what is sound, and says what is not.</summary>
    /// <returns>Whether everything was.</returns>
    internal static bool TryDefine(ReadOnlySpan<byte> ramdisk)
    {
        if (Arm64Image.IsImage(ramdisk) || Elf64.IsElf(ramdisk) || Gzip.IsGzip(ramdisk))
        {
            Log.Line("no boot bundle but a bare kernel: one VM on all CPUs"u8);
            ulong memory = Math.Min(MemoryForBareKernel, Hypervisor.Pages.FreeBytes / 2) & ~(PageTable.PageSize - 1);
            return TryDefine(new BundleVm { Name = "guest"u8, Kernel = ramdisk, Memory = memory, MemoryGuarantee = memory, VCpus = (uint)Hypervisor.CpuCount });
        }

        BundleError error = Bundle.TryCreate(ramdisk, Compression, out Bundle bundle, out ReadOnlySpan<byte> image);
        if (error != BundleError.None)
        {
            LogLine line = Log.Error().Text("cannot read the boot bundle: "u8);
            if (!image.IsEmpty)
            {
                line = line.Text("image "u8).Quoted(image).Text(": "u8);
            }

            line.Text(BundleErrorText.Describe(error)).End();
            return false;
        }

        LoadedBundle? loaded = LoadedBundle.Begin(bundle.VmCount, 0, 0);
        if (loaded == null)
        {
            return SayNoMemory();
        }

        bool sound = true;
        for (int i = 0; bundle.TryGetVm(i, out BundleVm vm, out error); i++)
        {
            if (error != BundleError.None)
            {
                Log.Error().Quoted(vm.Name).Text(": cannot start: "u8).Text(BundleErrorText.Describe(error)).End();
                sound = false;
            }
            else if (loaded.Add(vm) == null)
            {
                Log.Error().Text(vm.Name).Text(": cannot start: more VMs than there is room for"u8).End();
                sound = false;
            }
        }

        loaded.End();
        return sound;
    }

    /// <summary>Takes up the VM that is there when the boot loader brought nothing.</summary>
    internal static bool TryDefineEmbedded()
    {
        var kernel = new ReadOnlySpan<byte>((void*)EmbeddedStart(), (int)(EmbeddedEnd() - EmbeddedStart()));
        return TryDefine(new BundleVm { Name = "hello"u8, Kernel = kernel, Memory = MemoryForEmbedded, MemoryGuarantee = MemoryForEmbedded, VCpus = 1 });
    }

    /// <summary>Bundles are hashed by the CPU's instructions where it has them: no guest's SIMD state is live then.</summary>
    internal static Sha256Compression Compression => Sha256Instructions.Exist ? new Sha256Compression(&Compress) : default;

    private static void Compress(uint* state, byte* blocks, int count) => Sha256Instructions.Compress(state, blocks, count);

    private static bool TryDefine(in BundleVm definition)
    {
        LoadedBundle? loaded = LoadedBundle.Begin(1, 0, 0);
        if (loaded == null)
        {
            return SayNoMemory();
        }

        loaded.Add(definition);
        loaded.End();
        return true;
    }

    private static bool SayNoMemory()
    {
        Log.Line("no memory for the definitions of the VMs"u8);
        return false;
    }

    [RuntimeImport("*", "embedded_guest_start_address")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern ulong EmbeddedStart();

    [RuntimeImport("*", "embedded_guest_end_address")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern ulong EmbeddedEnd();
}

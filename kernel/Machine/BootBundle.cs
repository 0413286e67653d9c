using System;
using System.Runtime;
using System.Runtime.CompilerServices;
using SharpVisor.Arch;
using SharpVisor.Debug;
using SharpVisor.Formats;
using SharpVisor.Memory;

namespace SharpVisor.Machine;

/// <summary>Makes the VMs that the boot loader's ramdisk defines: a boot bundle, or one bare kernel.</summary>
internal static unsafe class BootBundle
{
    private const ulong MemoryForBareKernel = 512ul << 20;
    private const ulong MemoryForEmbedded = 32ul << 20;

    /// <summary>Makes what can be made, and says what cannot.</summary>
    /// <returns>Number of VMs that were asked for.</returns>
    internal static int Make(ReadOnlySpan<byte> ramdisk)
    {
        if (Arm64Image.IsImage(ramdisk) || Elf64.IsElf(ramdisk) || Gzip.IsGzip(ramdisk))
        {
            Log.Line("no boot bundle but a bare kernel: one VM on all CPUs"u8);
            ulong memory = Math.Min(MemoryForBareKernel, Hypervisor.Pages.FreeBytes / 2) & ~(PageTable.PageSize - 1);
            MakeVm(new BundleVm { Name = "guest"u8, Kernel = ramdisk, Memory = memory, MemoryGuarantee = memory, VCpus = (uint)Hypervisor.CpuCount });
            return 1;
        }

        BundleError error = Bundle.TryCreate(ramdisk, Compression, out Bundle bundle, out ReadOnlySpan<byte> image);
        if (error != BundleError.None)
        {
            LogLine line = Log.Line().Text("cannot read the boot bundle: "u8);
            if (!image.IsEmpty)
            {
                line = line.Text("image "u8).Quoted(image).Text(": "u8);
            }

            line.Text(BundleErrorText.Describe(error)).End();
            return 1;
        }

        int count = 0;
        while (bundle.TryGetVm(count, out BundleVm vm, out error))
        {
            count++;
            if (error != BundleError.None)
            {
                Log.Line().Quoted(vm.Name).Text(": cannot start: "u8).Text(BundleErrorText.Describe(error)).End();
            }
            else
            {
                MakeVm(vm);
            }
        }

        return count;
    }

    /// <summary>Makes the VM that is there when the boot loader brought nothing.</summary>
    internal static int MakeEmbedded()
    {
        var kernel = new ReadOnlySpan<byte>((void*)EmbeddedStart(), (int)(EmbeddedEnd() - EmbeddedStart()));
        MakeVm(new BundleVm { Name = "hello"u8, Kernel = kernel, Memory = MemoryForEmbedded, MemoryGuarantee = MemoryForEmbedded, VCpus = 1 });
        return 1;
    }

    /// <summary>Start-up hashes by the CPU's instructions where it has them: no guest's SIMD state is live yet.</summary>
    private static Sha256Compression Compression => Sha256Instructions.Exist ? new Sha256Compression(&Compress) : default;

    private static void Compress(uint* state, byte* blocks, int count) => Sha256Instructions.Compress(state, blocks, count);

    private static void MakeVm(in BundleVm definition)
    {
        if (VmFactory.TryMake(definition, out Vm? vm) && !Hypervisor.TryAdd(vm!))
        {
            Log.Line().Text(vm!.Name).Text(": cannot start: more VMs than there is room for"u8).End();
        }
    }

    [RuntimeImport("*", "embedded_guest_start_address")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern ulong EmbeddedStart();

    [RuntimeImport("*", "embedded_guest_end_address")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern ulong EmbeddedEnd();
}

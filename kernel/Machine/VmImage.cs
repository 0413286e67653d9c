using System;
using SharpVisor.Arch;
using SharpVisor.Debug;
using SharpVisor.Machine.Loading;

namespace SharpVisor.Machine;

/// <summary>Puts kernel, ramdisk and device tree into a VM's memory, at its first start and at every reset.</summary>
internal static unsafe class VmImage
{
    private const ulong LargestAffinityCount = 16;

    /// <summary>Loads. False, with a line that says why, where it cannot be.</summary>
    /// <param name="vm">The VM; none of its VCpus runs.</param>
    /// <param name="entry">Where its first VCpu starts.</param>
    /// <param name="deviceTree">X0 there.</param>
    internal static bool TryLoad(Vm vm, out ulong entry, out ulong deviceTree)
    {
        VmDefinition definition = vm.Definition;
        ulong* affinities = stackalloc ulong[(int)LargestAffinityCount];
        for (int i = 0; i < vm.VCpus.Length; i++)
        {
            affinities[i] = vm.AffinityOf(i);
        }

        GuestDescription description = default;
        description.Affinities = new ReadOnlySpan<ulong>(affinities, vm.VCpus.Length);
        description.ProcessorId = SystemRegisters.ReadMidrEl1();
        description.GicVersion = vm.Gic.Version;
        description.CommandLine = definition.CommandLine;
        description.LayoutSeed = Seeds.Next();
        description.VirtioSlots = vm.Virtio.Used;
        LoadResult result = Hypervisor.Loader.Load(vm.Ram, definition.Kernel, definition.Ramdisk, ref description, out GuestEntry loaded);
        entry = loaded.Start;
        deviceTree = loaded.DeviceTree;
        if (!result.IsLoaded)
        {
            LogLine line = Log.Error().Text(vm.Name).Text(": cannot start: "u8).Text(result.Description);
            if (result.HasNumbers)
            {
                line = line.Text(": "u8).Hex(result.Found).Text(", "u8).Hex(result.Allowed);
            }

            line.End();
            return false;
        }

        return true;
    }
}

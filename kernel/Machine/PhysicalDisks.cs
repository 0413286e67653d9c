using System;
using SharpVisor.Storage;

namespace SharpVisor.Machine;

/// <summary>The disks that the machine has.</summary>
internal static class PhysicalDisks
{
    /// <summary>Finds what a definition names: a device, a partition of it, or a file there.</summary>
    /// <param name="definition">With a device.</param>
    /// <param name="problem">Why there is none.</param>
    internal static Disk? Find(DiskDefinition definition, out ReadOnlySpan<byte> problem)
    {
        problem = "this machine has no such device"u8;
        return null;
    }
}

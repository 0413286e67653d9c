using System;
using System.Runtime.InteropServices;
using SharpVisor.Devices;
using SharpVisor.Devices.Virtio;
using SharpVisor.Storage;

namespace SharpVisor.Tests.Unit.Devices.Virtio;

/// <summary>Block devices with memory of the host.</summary>
internal static unsafe class BlockUnderTest
{
    internal static BlockDevice Make(DeviceMemory memory, Disk disk, int queues, bool isReadOnly = false, ulong withheld = 0)
    {
        // It stays as long as the tests run: a disk's request may be on its way at the end of one.
        ulong size = BlockBuffers.SizeFor(disk, queues);
        ulong buffers = size == 0 ? 0 : (ulong)NativeMemory.AlignedAlloc((nuint)size, 4096);
        return new BlockDevice(memory, disk, isReadOnly, default, queues, withheld, new BlockBuffers(disk, queues, buffers));
    }
}

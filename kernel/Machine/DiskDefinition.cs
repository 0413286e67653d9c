using System;
using SharpVisor.Formats;

namespace SharpVisor.Machine;

/// <summary>What a VM's disk is made from. Texts and images stay where the bundle is.</summary>
internal sealed unsafe class DiskDefinition
{
    private readonly byte* _image;
    private readonly int _imageLength;
    private readonly byte* _device;
    private readonly int _deviceLength;
    private readonly byte* _partition;
    private readonly int _partitionLength;
    private readonly byte* _file;
    private readonly int _fileLength;
    private readonly byte* _serial;
    private readonly int _serialLength;

    internal DiskDefinition(in BundleDisk source)
    {
        _image = VmDefinition.Pin(source.Image, out _imageLength);
        _device = VmDefinition.Pin(source.Device, out _deviceLength);
        _partition = VmDefinition.Pin(source.Partition, out _partitionLength);
        _file = VmDefinition.Pin(source.File, out _fileLength);
        _serial = VmDefinition.Pin(source.Serial, out _serialLength);
        PartitionNumber = source.PartitionNumber;
        IsReadOnly = source.IsReadOnly;
        DropsOnReset = source.DropsOnReset;
        Overlay = source.Overlay;
        Queues = (int)source.Queues;
        Withheld = source.Withheld;
    }

    /// <summary>The image that it is a disk of, plain or gzip; empty where it has a device.</summary>
    internal ReadOnlySpan<byte> Image => new(_image, _imageLength);

    /// <summary>Name of the physical device.</summary>
    internal ReadOnlySpan<byte> Device => new(_device, _deviceLength);

    /// <summary>Label or GUID of the device's partition; may be empty.</summary>
    internal ReadOnlySpan<byte> Partition => new(_partition, _partitionLength);

    /// <summary>Number of the device's partition, from 1; 0 for none.</summary>
    internal uint PartitionNumber { get; }

    /// <summary>Path of a file on the partition; may be empty.</summary>
    internal ReadOnlySpan<byte> File => new(_file, _fileLength);

    /// <summary>What it calls itself; may be empty.</summary>
    internal ReadOnlySpan<byte> Serial => new(_serial, _serialLength);

    /// <summary>Whether the guest may only read it.</summary>
    internal bool IsReadOnly { get; }

    /// <summary>Most bytes of an overlay; 0 where none is named.</summary>
    internal ulong Overlay { get; }

    /// <summary>Whether the overlay is dropped when the VM is reset.</summary>
    internal bool DropsOnReset { get; }

    /// <summary>Queues.</summary>
    internal int Queues { get; }

    /// <summary>Feature bits that the guest is not to see.</summary>
    internal ulong Withheld { get; }
}

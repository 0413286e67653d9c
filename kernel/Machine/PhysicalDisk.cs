using System;
using SharpVisor.Drivers;
using SharpVisor.Storage;

namespace SharpVisor.Machine;

/// <summary>A disk of the machine, with what is on it as it was at start-up.</summary>
internal sealed class PhysicalDisk : DiskSectors
{
    private const uint Patience = 1 << 24; // turns of a wait for the device

    private readonly byte[] _name = new byte[8];
    private readonly int _nameLength;

    /// <summary>Takes a disk that has started.</summary>
    internal PhysicalDisk(VirtioBlock device, int number, ulong buffer, uint bufferLength)
        : base(device, buffer, bufferLength)
    {
        Device = device;
        Partitions = new PartitionList(this);
        Volume = new FileVolume(this);
        "virtio"u8.CopyTo(_name);
        _nameLength = 6;
        if (number >= 10)
        {
            _name[_nameLength++] = (byte)('0' + (number / 10));
        }

        _name[_nameLength++] = (byte)('0' + (number % 10));
    }

    /// <summary>What drives it.</summary>
    internal VirtioBlock Device { get; }

    /// <summary>Its name: "virtio0".</summary>
    internal ReadOnlySpan<byte> Name => new ReadOnlySpan<byte>(_name).Slice(0, _nameLength);

    /// <summary>Its partitions.</summary>
    internal PartitionList Partitions { get; }

    /// <summary>What finds files on them, one at a time.</summary>
    internal FileVolume Volume { get; }

    /// <summary>Requests that had ended when it was looked at last.</summary>
    internal ulong EndedBefore;

    /// <summary>Since when no request has ended though there are some: a time of the system counter.</summary>
    internal ulong QuietSince;

    /// <inheritdoc/>
    protected override void Wait(uint turn)
    {
        Device.Handler.HandleInterrupt();
        if (turn > Patience)
        {
            Device.Check(isLate: true);
        }
    }
}

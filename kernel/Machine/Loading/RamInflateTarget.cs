using System;
using SharpVisor.Formats;

namespace SharpVisor.Machine.Loading;

/// <summary>Decompresses into a VM's memory.</summary>
internal sealed class RamInflateTarget : InflateTarget
{
    private GuestRam? _ram;
    private ulong _start;

    /// <summary>Whether the contents did not end where the VM's memory does.</summary>
    internal bool IsTooLong { get; private set; }

    /// <summary>Whether the machine had no memory left.</summary>
    internal bool IsOutOfMemory { get; private set; }

    /// <summary>Says where the contents go.</summary>
    internal void Aim(GuestRam ram, ulong start)
    {
        _ram = ram;
        _start = start;
        IsTooLong = false;
        IsOutOfMemory = false;
    }

    /// <inheritdoc/>
    protected override bool TryWrite(ulong offset, ReadOnlySpan<byte> bytes)
    {
        IsTooLong = !_ram!.Contains(_start + offset, (ulong)bytes.Length);
        IsOutOfMemory = !IsTooLong && !_ram.TryWrite(_start + offset, bytes);
        return !IsTooLong && !IsOutOfMemory;
    }
}

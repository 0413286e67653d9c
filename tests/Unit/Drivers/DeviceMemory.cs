using System;
using System.Runtime.InteropServices;

namespace SharpVisor.Tests.Unit.Drivers;

/// <summary>Memory with an address that a driver and a modelled device share.</summary>
internal sealed unsafe class DeviceMemory : IDisposable
{
    private readonly void* _memory;

    public DeviceMemory(ulong length)
    {
        _memory = NativeMemory.AlignedAlloc((nuint)length, 4096);
        NativeMemory.Clear(_memory, (nuint)length);
    }

    public ulong Address => (ulong)_memory;

    public void Dispose() => NativeMemory.AlignedFree(_memory);
}

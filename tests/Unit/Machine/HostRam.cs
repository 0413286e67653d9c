using System;
using System.Runtime.InteropServices;
using SharpVisor.Machine.Loading;

namespace SharpVisor.Tests.Unit.Machine;

/// <summary>A VM's memory on the host, full of rubbish, with a fence on either side that must stay whole.</summary>
internal sealed unsafe class HostRam : IDisposable
{
    private const int Fence = 0x1000;
    private const byte FenceByte = 0xfe;
    private const byte Rubbish = 0xa5;

    private readonly byte* _memory;
    private readonly int _size;

    internal HostRam(int size)
    {
        _size = size;
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)size + (2 * Fence), Fence);
        new Span<byte>(_memory, Fence).Fill(FenceByte);
        Bytes.Fill(Rubbish);
        new Span<byte>(_memory + Fence + size, Fence).Fill(FenceByte);
    }

    internal GuestRam Ram => new(_memory + Fence, GuestMemoryMap.Ram, (ulong)_size);

    internal Span<byte> Bytes => new(_memory + Fence, _size);

    internal bool AreFencesWhole =>
        new Span<byte>(_memory, Fence).IndexOfAnyExcept(FenceByte) < 0
        && new Span<byte>(_memory + Fence + _size, Fence).IndexOfAnyExcept(FenceByte) < 0;

    internal Span<byte> At(ulong ipa, int length) => Bytes.Slice((int)(ipa - GuestMemoryMap.Ram), length);

    public void Dispose() => NativeMemory.AlignedFree(_memory);
}

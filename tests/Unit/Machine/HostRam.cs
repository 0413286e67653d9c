using System;
using System.Runtime.InteropServices;
using SharpVisor.Machine.Loading;

namespace SharpVisor.Tests.Unit.Machine;

/// <summary>A VM's memory on the host, at first zero, with a fence on either side that must stay whole.</summary>
internal sealed unsafe class HostRam : GuestRam, IDisposable
{
    private const int Fence = 0x1000;
    private const byte FenceByte = 0xfe;

    private readonly byte* _memory;
    private readonly int _size;

    internal HostRam(int size)
        : base(GuestMemoryMap.Ram, (ulong)size)
    {
        _size = size;
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)size + (2 * Fence), Fence);
        new Span<byte>(_memory, Fence).Fill(FenceByte);
        Bytes.Clear();
        new Span<byte>(_memory + Fence + size, Fence).Fill(FenceByte);
    }

    /// <summary>Writes that still find memory.</summary>
    internal int Left { get; set; } = int.MaxValue;

    internal Span<byte> Bytes => new(_memory + Fence, _size);

    internal bool AreFencesWhole =>
        new Span<byte>(_memory, Fence).IndexOfAnyExcept(FenceByte) < 0
        && new Span<byte>(_memory + Fence + _size, Fence).IndexOfAnyExcept(FenceByte) < 0;

    internal Span<byte> At(ulong ipa, int length) => Bytes.Slice((int)(ipa - GuestMemoryMap.Ram), length);

    public override bool TryWrite(ulong address, ReadOnlySpan<byte> source) => Left-- > 0 && source.TryCopyTo(At(address, source.Length));

    public override bool TryRead(ulong address, Span<byte> destination) => At(address, destination.Length).TryCopyTo(destination);

    public void Dispose() => NativeMemory.AlignedFree(_memory);
}

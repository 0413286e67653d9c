using System;
using SharpVisor.Machine.Loading;

namespace SharpVisor.Tests.Unit.Machine;

/// <summary>Copies as .NET does.</summary>
internal sealed class SpanCopier : MemoryCopier
{
    public override void Copy(ReadOnlySpan<byte> source, Span<byte> destination) => source.CopyTo(destination);

    public override void Clear(Span<byte> destination) => destination.Clear();
}

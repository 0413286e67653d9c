using System;
using SharpVisor.Machine.Ram;

namespace SharpVisor.Tests.Unit.Machine;

/// <summary>Writes pages as .NET does.</summary>
internal sealed unsafe class SpanPageWriter : GuestPageWriter
{
    public override void Zero(ulong address, ulong length) => new Span<byte>((void*)address, (int)length).Clear();

    public override void Copy(ulong destination, ulong source, ulong length) =>
        new Span<byte>((void*)source, (int)length).CopyTo(new Span<byte>((void*)destination, (int)length));

    public override void Load(ulong destination, ReadOnlySpan<byte> source) => source.CopyTo(new Span<byte>((void*)destination, source.Length));

    public override void Publish(ulong address, ulong length)
    {
    }
}

using System;
using System.Buffers.Binary;
using SharpVisor.Debug;

namespace SharpVisor.Hvctl.Tracing;

/// <summary>A record of the hypervisor's event trace.</summary>
/// <param name="Cpu">The CPU that wrote it.</param>
/// <param name="Time">The machine's counter.</param>
/// <param name="What">Kind, VCpu, VM and detail, as <see cref="TraceKind"/> has them.</param>
/// <param name="First">The first word that depends on the kind.</param>
/// <param name="Second">The second one.</param>
internal readonly record struct TraceRecord(int Cpu, ulong Time, ulong What, ulong First, ulong Second)
{
    /// <summary>Bytes of one.</summary>
    internal const int Size = 32;

    internal TraceKind Kind => (TraceKind)(byte)What;

    /// <summary>Number of the VCpu.</summary>
    internal int VCpu => (byte)(What >> 8);

    /// <summary>Low half of the VM's number; 0 for none.</summary>
    internal int Vm => (ushort)(What >> 16);

    /// <summary>VM and VCpu in one number.</summary>
    internal uint Name => NameIn(What);

    internal uint Detail => (uint)(What >> 32);

    /// <summary>VM and VCpu in the second word of a record.</summary>
    internal static uint NameIn(ulong what) => (uint)what & 0xffff_ff00;

    internal static TraceRecord Read(int cpu, ReadOnlySpan<byte> bytes) => new(
        cpu,
        BinaryPrimitives.ReadUInt64LittleEndian(bytes),
        BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]),
        BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]),
        BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]));
}

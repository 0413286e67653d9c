using System.Runtime.CompilerServices;

namespace System.Buffers.Binary;

/// <summary>Integers in a given byte order at the start of a span. A span that is too short is a bug and panics.</summary>
public static class BinaryPrimitives
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static short ReadInt16LittleEndian(ReadOnlySpan<byte> source) => Unsafe.ReadUnaligned<short>(ref Check(source, 2));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteInt16LittleEndian(Span<byte> destination, short value) => Unsafe.WriteUnaligned(ref Check(destination, 2), value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static short ReadInt16BigEndian(ReadOnlySpan<byte> source) => ReverseEndianness(Unsafe.ReadUnaligned<short>(ref Check(source, 2)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteInt16BigEndian(Span<byte> destination, short value) => Unsafe.WriteUnaligned(ref Check(destination, 2), ReverseEndianness(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort ReadUInt16LittleEndian(ReadOnlySpan<byte> source) => Unsafe.ReadUnaligned<ushort>(ref Check(source, 2));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteUInt16LittleEndian(Span<byte> destination, ushort value) => Unsafe.WriteUnaligned(ref Check(destination, 2), value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort ReadUInt16BigEndian(ReadOnlySpan<byte> source) => ReverseEndianness(Unsafe.ReadUnaligned<ushort>(ref Check(source, 2)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteUInt16BigEndian(Span<byte> destination, ushort value) => Unsafe.WriteUnaligned(ref Check(destination, 2), ReverseEndianness(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ReadInt32LittleEndian(ReadOnlySpan<byte> source) => Unsafe.ReadUnaligned<int>(ref Check(source, 4));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteInt32LittleEndian(Span<byte> destination, int value) => Unsafe.WriteUnaligned(ref Check(destination, 4), value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ReadInt32BigEndian(ReadOnlySpan<byte> source) => ReverseEndianness(Unsafe.ReadUnaligned<int>(ref Check(source, 4)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteInt32BigEndian(Span<byte> destination, int value) => Unsafe.WriteUnaligned(ref Check(destination, 4), ReverseEndianness(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint ReadUInt32LittleEndian(ReadOnlySpan<byte> source) => Unsafe.ReadUnaligned<uint>(ref Check(source, 4));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteUInt32LittleEndian(Span<byte> destination, uint value) => Unsafe.WriteUnaligned(ref Check(destination, 4), value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint ReadUInt32BigEndian(ReadOnlySpan<byte> source) => ReverseEndianness(Unsafe.ReadUnaligned<uint>(ref Check(source, 4)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteUInt32BigEndian(Span<byte> destination, uint value) => Unsafe.WriteUnaligned(ref Check(destination, 4), ReverseEndianness(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long ReadInt64LittleEndian(ReadOnlySpan<byte> source) => Unsafe.ReadUnaligned<long>(ref Check(source, 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteInt64LittleEndian(Span<byte> destination, long value) => Unsafe.WriteUnaligned(ref Check(destination, 8), value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long ReadInt64BigEndian(ReadOnlySpan<byte> source) => ReverseEndianness(Unsafe.ReadUnaligned<long>(ref Check(source, 8)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteInt64BigEndian(Span<byte> destination, long value) => Unsafe.WriteUnaligned(ref Check(destination, 8), ReverseEndianness(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong ReadUInt64LittleEndian(ReadOnlySpan<byte> source) => Unsafe.ReadUnaligned<ulong>(ref Check(source, 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteUInt64LittleEndian(Span<byte> destination, ulong value) => Unsafe.WriteUnaligned(ref Check(destination, 8), value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong ReadUInt64BigEndian(ReadOnlySpan<byte> source) => ReverseEndianness(Unsafe.ReadUnaligned<ulong>(ref Check(source, 8)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteUInt64BigEndian(Span<byte> destination, ulong value) => Unsafe.WriteUnaligned(ref Check(destination, 8), ReverseEndianness(value));

    public static ushort ReverseEndianness(ushort value) => (ushort)((value >> 8) | (value << 8));

    public static short ReverseEndianness(short value) => (short)ReverseEndianness((ushort)value);

    [Intrinsic]
    public static uint ReverseEndianness(uint value) => ReverseEndianness(value);

    public static int ReverseEndianness(int value) => (int)ReverseEndianness((uint)value);

    [Intrinsic]
    public static ulong ReverseEndianness(ulong value) => ReverseEndianness(value);

    public static long ReverseEndianness(long value) => (long)ReverseEndianness((ulong)value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref byte Check(ReadOnlySpan<byte> span, int size)
    {
        if (span.Length < size)
        {
            Internal.Runtime.CompilerHelpers.ThrowHelpers.ThrowArgumentOutOfRangeException();
        }

        return ref span._reference;
    }
}

using System.Runtime;
using System.Runtime.CompilerServices;

namespace System
{
    /// <summary>Block operations that the JIT calls for what it does not unroll. Kept in assembly, free of SIMD.</summary>
    internal static unsafe class SpanHelpers
    {
        [Intrinsic]
        internal static void Memmove(ref byte destination, ref byte source, nuint length) =>
            MemoryMove(Unsafe.AsPointer(ref destination), Unsafe.AsPointer(ref source), length);

        [Intrinsic]
        internal static void ClearWithoutReferences(ref byte destination, nuint length) =>
            MemoryFill(Unsafe.AsPointer(ref destination), 0, length);

        [Intrinsic]
        internal static void Fill(ref byte destination, byte value, nuint length) =>
            MemoryFill(Unsafe.AsPointer(ref destination), value, length);

        [RuntimeImport("*", "memmove")]
        [MethodImpl(MethodImplOptions.InternalCall)]
        private static extern void MemoryMove(void* destination, void* source, nuint length);

        [RuntimeImport("*", "memset")]
        [MethodImpl(MethodImplOptions.InternalCall)]
        private static extern void MemoryFill(void* destination, int value, nuint length);
    }

    /// <summary>The JIT's entry for copies that may hold references. Nothing is ever moved here, so a plain copy does.</summary>
    internal static class Buffer
    {
        internal static void BulkMoveWithWriteBarrier(ref byte destination, ref byte source, nuint length) =>
            SpanHelpers.Memmove(ref destination, ref source, length);
    }
}

namespace System.Runtime.InteropServices
{
    /// <summary>Spans over anything.</summary>
    public static class MemoryMarshal
    {
        public static ref T GetReference<T>(Span<T> span) => ref span._reference;

        public static ref T GetReference<T>(ReadOnlySpan<T> span) => ref span._reference;

        public static ref T GetArrayDataReference<T>(T[] array) => ref Unsafe.As<byte, T>(ref Unsafe.As<RawArrayData>(array).Data);

        public static Span<T> CreateSpan<T>(ref T reference, int length) => new(ref reference, length);

        public static ReadOnlySpan<T> CreateReadOnlySpan<T>(ref readonly T reference, int length) =>
            new(ref Unsafe.AsRef(in reference), length);

        public static Span<byte> AsBytes<T>(Span<T> span)
            where T : unmanaged => new(ref Unsafe.As<T, byte>(ref span._reference), checked(span.Length * Unsafe.SizeOf<T>()));

        public static ReadOnlySpan<byte> AsBytes<T>(ReadOnlySpan<T> span)
            where T : unmanaged => new(ref Unsafe.As<T, byte>(ref span._reference), checked(span.Length * Unsafe.SizeOf<T>()));

        public static Span<TTo> Cast<TFrom, TTo>(Span<TFrom> span)
            where TFrom : unmanaged
            where TTo : unmanaged =>
            new(ref Unsafe.As<TFrom, TTo>(ref span._reference), (int)((long)span.Length * Unsafe.SizeOf<TFrom>() / Unsafe.SizeOf<TTo>()));

        public static ReadOnlySpan<TTo> Cast<TFrom, TTo>(ReadOnlySpan<TFrom> span)
            where TFrom : unmanaged
            where TTo : unmanaged =>
            new(ref Unsafe.As<TFrom, TTo>(ref span._reference), (int)((long)span.Length * Unsafe.SizeOf<TFrom>() / Unsafe.SizeOf<TTo>()));
    }
}

using System.Runtime.CompilerServices;

namespace System.Threading;

/// <summary>Atomic read-modify-write with full ordering. The JIT expands the ones marked so (LDAXR/STLXR loops).</summary>
public static class Interlocked
{
    [Intrinsic]
    public static int CompareExchange(ref int location, int value, int comparand) => CompareExchange(ref location, value, comparand);

    [Intrinsic]
    public static long CompareExchange(ref long location, long value, long comparand) => CompareExchange(ref location, value, comparand);

    [Intrinsic]
    public static int Exchange(ref int location, int value) => Exchange(ref location, value);

    [Intrinsic]
    public static long Exchange(ref long location, long value) => Exchange(ref location, value);

    [Intrinsic]
    public static int ExchangeAdd(ref int location, int value) => ExchangeAdd(ref location, value);

    [Intrinsic]
    public static long ExchangeAdd(ref long location, long value) => ExchangeAdd(ref location, value);

    public static uint CompareExchange(ref uint location, uint value, uint comparand) =>
        (uint)CompareExchange(ref Unsafe.As<uint, int>(ref location), (int)value, (int)comparand);

    public static ulong CompareExchange(ref ulong location, ulong value, ulong comparand) =>
        (ulong)CompareExchange(ref Unsafe.As<ulong, long>(ref location), (long)value, (long)comparand);

    public static uint Exchange(ref uint location, uint value) => (uint)Exchange(ref Unsafe.As<uint, int>(ref location), (int)value);

    public static ulong Exchange(ref ulong location, ulong value) => (ulong)Exchange(ref Unsafe.As<ulong, long>(ref location), (long)value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Add(ref int location, int value) => ExchangeAdd(ref location, value) + value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Add(ref long location, long value) => ExchangeAdd(ref location, value) + value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Add(ref uint location, uint value) => (uint)Add(ref Unsafe.As<uint, int>(ref location), (int)value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Add(ref ulong location, ulong value) => (ulong)Add(ref Unsafe.As<ulong, long>(ref location), (long)value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Increment(ref int location) => Add(ref location, 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Increment(ref long location) => Add(ref location, 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Increment(ref uint location) => Add(ref location, 1u);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Increment(ref ulong location) => Add(ref location, 1ul);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Decrement(ref int location) => Add(ref location, -1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Decrement(ref long location) => Add(ref location, -1);

    /// <summary>Returns the value before the operation.</summary>
    public static uint Or(ref uint location, uint value)
    {
        uint current = Volatile.Read(ref location);
        while (true)
        {
            uint seen = CompareExchange(ref location, current | value, current);
            if (seen == current)
            {
                return seen;
            }

            current = seen;
        }
    }

    /// <inheritdoc cref="Or(ref uint, uint)"/>
    public static uint And(ref uint location, uint value)
    {
        uint current = Volatile.Read(ref location);
        while (true)
        {
            uint seen = CompareExchange(ref location, current & value, current);
            if (seen == current)
            {
                return seen;
            }

            current = seen;
        }
    }

    /// <inheritdoc cref="Or(ref uint, uint)"/>
    public static ulong Or(ref ulong location, ulong value)
    {
        ulong current = Volatile.Read(ref location);
        while (true)
        {
            ulong seen = CompareExchange(ref location, current | value, current);
            if (seen == current)
            {
                return seen;
            }

            current = seen;
        }
    }

    /// <inheritdoc cref="Or(ref uint, uint)"/>
    public static ulong And(ref ulong location, ulong value)
    {
        ulong current = Volatile.Read(ref location);
        while (true)
        {
            ulong seen = CompareExchange(ref location, current & value, current);
            if (seen == current)
            {
                return seen;
            }

            current = seen;
        }
    }

    public static int Or(ref int location, int value) => (int)Or(ref Unsafe.As<int, uint>(ref location), (uint)value);

    public static int And(ref int location, int value) => (int)And(ref Unsafe.As<int, uint>(ref location), (uint)value);

    public static long Or(ref long location, long value) => (long)Or(ref Unsafe.As<long, ulong>(ref location), (ulong)value);

    public static long And(ref long location, long value) => (long)And(ref Unsafe.As<long, ulong>(ref location), (ulong)value);

    /// <summary>A full barrier (DMB ISH).</summary>
    [Intrinsic]
    public static void MemoryBarrier() => MemoryBarrier();
}

/// <summary>Loads with acquire and stores with release semantics.</summary>
public static class Volatile
{
    /// <summary>Loads before it are done before all loads and stores behind it (DMB ISHLD).</summary>
    [Intrinsic]
    public static void ReadBarrier() => ReadBarrier();

    private struct CellBoolean
    {
        public volatile bool Value;
    }

    private struct CellByte
    {
        public volatile byte Value;
    }

    private struct CellUInt16
    {
        public volatile ushort Value;
    }

    private struct CellInt32
    {
        public volatile int Value;
    }

    private struct CellUInt32
    {
        public volatile uint Value;
    }

    // C# has no volatile 64-bit integer; on this machine nint has the same size and may be volatile.
    private struct CellIntPtr
    {
        public volatile nint Value;
    }

    private struct CellObject
    {
        public volatile object? Value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Read(ref readonly bool location) => Unsafe.As<bool, CellBoolean>(ref Unsafe.AsRef(in location)).Value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(ref bool location, bool value) => Unsafe.As<bool, CellBoolean>(ref location).Value = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte Read(ref readonly byte location) => Unsafe.As<byte, CellByte>(ref Unsafe.AsRef(in location)).Value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(ref byte location, byte value) => Unsafe.As<byte, CellByte>(ref location).Value = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort Read(ref readonly ushort location) => Unsafe.As<ushort, CellUInt16>(ref Unsafe.AsRef(in location)).Value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(ref ushort location, ushort value) => Unsafe.As<ushort, CellUInt16>(ref location).Value = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Read(ref readonly int location) => Unsafe.As<int, CellInt32>(ref Unsafe.AsRef(in location)).Value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(ref int location, int value) => Unsafe.As<int, CellInt32>(ref location).Value = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Read(ref readonly uint location) => Unsafe.As<uint, CellUInt32>(ref Unsafe.AsRef(in location)).Value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(ref uint location, uint value) => Unsafe.As<uint, CellUInt32>(ref location).Value = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Read(ref readonly long location) => Unsafe.As<long, CellIntPtr>(ref Unsafe.AsRef(in location)).Value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(ref long location, long value) => Unsafe.As<long, CellIntPtr>(ref location).Value = (nint)value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Read(ref readonly ulong location) => (ulong)Unsafe.As<ulong, CellIntPtr>(ref Unsafe.AsRef(in location)).Value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(ref ulong location, ulong value) => Unsafe.As<ulong, CellIntPtr>(ref location).Value = (nint)value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Read<T>(ref readonly T location)
        where T : class? => Unsafe.As<T>(Unsafe.As<T, CellObject>(ref Unsafe.AsRef(in location)).Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write<T>(ref T location, T value)
        where T : class? => Unsafe.As<T, CellIntPtr>(ref location).Value = Unsafe.As<T, nint>(ref value); // not through a write barrier, which releases nothing
}

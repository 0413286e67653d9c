using System;
using System.Runtime;
using System.Runtime.CompilerServices;

namespace Internal.Runtime;

/// <summary>
/// Where objects and arrays come from: a bump allocator over one open region of memory. There is no collector:
/// a region lives until its owner gives the whole of it back. Allocation is legal only while a region is open
/// (when the machine starts, when a VM is made); at any other time it is a bug and panics.
/// </summary>
public static unsafe class Heap
{
    private const ulong Alignment = 16;

    private static ulong s_next;
    private static ulong s_limit;

    /// <summary>Whether a region is open.</summary>
    public static bool IsOpen => s_limit != 0;

    /// <summary>Bytes still free in the open region; 0 when none is open.</summary>
    public static ulong Remaining => s_limit - s_next;

    /// <summary>Address of the next object; meaningful while a region is open.</summary>
    public static ulong Position => s_next;

    /// <summary>Opens a region. The memory need not be zeroed. One region at a time: the caller holds the lock that makes VMs.</summary>
    /// <param name="start">First byte, a multiple of 16.</param>
    /// <param name="length">Bytes, a multiple of 16.</param>
    public static void Open(ulong start, ulong length)
    {
        if (s_limit != 0 || (start & (Alignment - 1)) != 0)
        {
            RuntimeFailure.Report(RuntimeFailure.HeapMisuse);
        }

        s_next = start;
        s_limit = start + length;
    }

    /// <summary>Ends allocation. Returns the first byte that was not used.</summary>
    public static ulong Close()
    {
        ulong end = s_next;
        s_next = 0;
        s_limit = 0;
        return end;
    }

    [RuntimeExport("RhpNewFast")]
    internal static void* AllocateObject(MethodTable* type) => Allocate(type, type->BaseSize);

    [RuntimeExport("RhpNewArrayFast")]
    private static void* NewArray(MethodTable* type, nint length)
    {
        if ((ulong)length > int.MaxValue)
        {
            RuntimeFailure.Report(RuntimeFailure.Overflow);
        }

        ulong* array = (ulong*)Allocate(type, type->BaseSize + ((ulong)length * type->ComponentSize));
        array[1] = (ulong)length;
        return array;
    }

    [RuntimeExport("RhpNewPtrArrayFast")]
    private static void* NewReferenceArray(MethodTable* type, nint length) => NewArray(type, length);

    private static void* Allocate(MethodTable* type, ulong size)
    {
        size = (size + (Alignment - 1)) & ~(Alignment - 1);
        if (size > s_limit - s_next)
        {
            RuntimeFailure.Report(s_limit == 0 ? RuntimeFailure.AllocationWhileSealed : RuntimeFailure.OutOfMemory);
        }

        void* result = (void*)s_next;
        s_next += size;
        SpanHelpers.ClearWithoutReferences(ref *(byte*)result, (nuint)size);
        *(MethodTable**)result = type;
        return result;
    }
}

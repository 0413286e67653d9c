using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Internal.Runtime;

/// <summary>
/// What ilc emits for every type that is allocated or cast to. Only the fields that this library needs are
/// named; the layout is the compiler's (.NET 10).
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MethodTable
{
    private const uint KindMask = 0x0003_0000;
    private const uint ParameterizedKind = 0x0002_0000;
    private const uint HasComponentSizeFlag = 0x8000_0000;
    private const uint ElementTypeMask = 0x7c00_0000;
    private const uint InterfaceElementType = 0x15u << 26;

    private readonly uint _flags;
    internal readonly uint BaseSize;

    /// <summary>The base type; for an array its element type.</summary>
    internal readonly MethodTable* RelatedType;
    internal readonly ushort VirtualSlotCount;
    internal readonly ushort InterfaceCount;
    private readonly uint _hashCode;

    /// <summary>Size of an array element or a string's character in bytes.</summary>
    internal uint ComponentSize
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _flags & 0xffff;
    }

    internal bool HasComponentSize => (_flags & HasComponentSizeFlag) != 0;

    internal bool IsParameterized => (_flags & KindMask) == ParameterizedKind;

    internal bool IsInterface => (_flags & ElementTypeMask) == InterfaceElementType;

    internal bool IsArray => IsParameterized && HasComponentSize;

    /// <summary>The base type, or null for Object, arrays (whose base is never asked for here) and interfaces.</summary>
    internal bool Implements(MethodTable* type) => false;

    internal MethodTable* BaseType => IsParameterized ? null : RelatedType;
}

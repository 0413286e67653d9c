// The types that the C# compiler and ilc know by name. Their layouts are contracts: the compiler reads and
// writes these fields without asking.
namespace System;

public unsafe class Object
{
    // First word of every object; ilc emits frozen objects and inline type checks against this layout.
    internal Internal.Runtime.MethodTable* m_pMethodTable;
}

public abstract class ValueType
{
}

public abstract class Enum : ValueType
{
}

public struct Void
{
}

public struct Boolean
{
    private bool _value;
}

public struct Char
{
    private char _value;
}

public struct SByte
{
    public const sbyte MaxValue = 0x7f;
    public const sbyte MinValue = -0x80;
    private sbyte _value;
}

public struct Byte
{
    public const byte MaxValue = 0xff;
    public const byte MinValue = 0;
    private byte _value;
}

public struct Int16
{
    public const short MaxValue = 0x7fff;
    public const short MinValue = -0x8000;
    private short _value;
}

public struct UInt16
{
    public const ushort MaxValue = 0xffff;
    public const ushort MinValue = 0;
    private ushort _value;
}

public struct Int32
{
    public const int MaxValue = 0x7fffffff;
    public const int MinValue = unchecked((int)0x80000000);
    private int _value;
}

public struct UInt32
{
    public const uint MaxValue = 0xffffffff;
    public const uint MinValue = 0;
    private uint _value;
}

public struct Int64
{
    public const long MaxValue = 0x7fffffffffffffff;
    public const long MinValue = unchecked((long)0x8000000000000000);
    private long _value;
}

public struct UInt64
{
    public const ulong MaxValue = 0xffffffffffffffff;
    public const ulong MinValue = 0;
    private ulong _value;
}

public unsafe struct IntPtr
{
    private void* _value;

    public static readonly nint Zero;
}

public unsafe struct UIntPtr
{
    private void* _value;

    public static readonly nuint Zero;
}

public struct Single
{
    private float _value;
}

public struct Double
{
    private double _value;
}

public struct Nullable<T>
    where T : struct
{
}

public sealed class String
{
    // ilc freezes string literals in this layout: length in UTF-16 units, then the units.
    private readonly int _length;
    private readonly char _firstChar;

    public int Length => _length;
}

public abstract class Delegate
{
}

public abstract class MulticastDelegate : Delegate
{
}

public class Exception
{
}

public struct RuntimeTypeHandle
{
    private nint _value;
}

public struct RuntimeMethodHandle
{
    private nint _value;
}

public struct RuntimeFieldHandle
{
    private nint _value;
}

public class Type
{
}

public class RuntimeType : Type
{
}

public interface IDisposable
{
    void Dispose();
}

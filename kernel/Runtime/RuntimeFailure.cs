using System.Diagnostics.CodeAnalysis;
using System.Runtime;
using System.Runtime.CompilerServices;

namespace Internal.Runtime;

/// <summary>
/// Reports what .NET would throw. The image that this library is linked into exports <c>runtime_failure</c>,
/// which never returns; the reason is one of the constants, or a pointer to an exception object's type is lost.
/// </summary>
public static class RuntimeFailure
{
    public const int IndexOutOfRange = 0;
    public const int NullReference = 1;
    public const int Overflow = 2;
    public const int DivideByZero = 3;
    public const int InvalidCast = 4;
    public const int ArrayTypeMismatch = 5;
    public const int ArgumentOutOfRange = 6;
    public const int OutOfMemory = 7;
    public const int AllocationWhileSealed = 8;
    public const int HeapMisuse = 9;
    public const int Thrown = 10;
    public const int Unsupported = 11;
    public const int StackCookie = 12;

    [DoesNotReturn]
    [RuntimeImport("*", "runtime_failure")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    public static extern void Report(int reason);
}

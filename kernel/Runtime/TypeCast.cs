using System.Runtime.CompilerServices;
using Internal.Runtime;

namespace System.Runtime;

/// <summary>
/// Casts and type tests. The JIT calls these by name; the first argument is the wanted type's method table.
/// </summary>
internal static unsafe class TypeCast
{
    private static object? IsInstanceOfAny(MethodTable* wanted, object? value)
    {
        if (value == null)
        {
            return null;
        }

        MethodTable* actual = value.m_pMethodTable;
        if (actual == wanted)
        {
            return value;
        }

        if (wanted->IsArray)
        {
            return actual->IsArray && IsElementCompatible(actual->RelatedType, wanted->RelatedType) ? value : null;
        }

        return wanted->IsInterface ? IsInstanceOfInterface(wanted, value) : IsInstanceOfClass(wanted, value);
    }

    private static object? IsInstanceOfInterface(MethodTable* wanted, object? value)
    {
        if (value == null)
        {
            return null;
        }

        return value.m_pMethodTable->Implements(wanted) ? value : null;
    }

    private static object? IsInstanceOfClass(MethodTable* wanted, object? value)
    {
        if (value == null)
        {
            return null;
        }

        for (MethodTable* type = value.m_pMethodTable; type != null; type = type->BaseType)
        {
            if (type == wanted)
            {
                return value;
            }
        }

        return null;
    }

    private static bool IsInstanceOfException(MethodTable* wanted, object? value) => IsInstanceOfClass(wanted, value) != null;

    private static object? CheckCastAny(MethodTable* wanted, object? value) => Check(IsInstanceOfAny(wanted, value), value);

    private static object? CheckCastInterface(MethodTable* wanted, object? value) => Check(IsInstanceOfInterface(wanted, value), value);

    private static object? CheckCastClass(MethodTable* wanted, object? value) => Check(IsInstanceOfClass(wanted, value), value);

    private static object? CheckCastClassSpecial(MethodTable* wanted, object? value) => Check(IsInstanceOfClass(wanted, value), value);

    /// <summary>Stores into an array of references after the check that the language demands.</summary>
    private static void StelemRef(object?[] array, nint index, object? value)
    {
        ref object? element = ref ElementOf(array, index);
        if (value != null && IsInstanceOfAny(array.m_pMethodTable->RelatedType, value) == null)
        {
            RuntimeFailure.Report(RuntimeFailure.ArrayTypeMismatch);
        }

        element = value;
    }

    private static ref object? LdelemaRef(object?[] array, nint index, MethodTable* elementType)
    {
        if (array.m_pMethodTable->RelatedType != elementType)
        {
            RuntimeFailure.Report(RuntimeFailure.ArrayTypeMismatch);
        }

        return ref ElementOf(array, index);
    }

    private static ref object? ElementOf(object?[] array, nint index)
    {
        if ((nuint)index >= (nuint)array.Length)
        {
            RuntimeFailure.Report(RuntimeFailure.IndexOutOfRange);
        }

        return ref Unsafe.Add(ref Unsafe.As<byte, object?>(ref Unsafe.As<RawArrayData>(array).Data), index);
    }

    private static bool IsElementCompatible(MethodTable* actual, MethodTable* wanted)
    {
        for (MethodTable* type = actual; type != null; type = type->BaseType)
        {
            if (type == wanted)
            {
                return true;
            }
        }

        return wanted->IsInterface && actual->Implements(wanted);
    }

    private static object? Check(object? result, object? value)
    {
        if (result == null && value != null)
        {
            RuntimeFailure.Report(RuntimeFailure.InvalidCast);
        }

        return value;
    }
}

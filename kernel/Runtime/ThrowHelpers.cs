using System;
using System.Diagnostics.CodeAnalysis;
using System.Runtime;
using System.Runtime.CompilerServices;

namespace Internal.Runtime.CompilerHelpers
{
    /// <summary>Where the JIT and ilc branch to when a check fails. Found by name.</summary>
    internal static class ThrowHelpers
    {
        [DoesNotReturn]
        [MethodImpl(MethodImplOptions.NoInlining)]
        internal static void ThrowIndexOutOfRangeException() => RuntimeFailure.Report(RuntimeFailure.IndexOutOfRange);

        [DoesNotReturn]
        [MethodImpl(MethodImplOptions.NoInlining)]
        internal static void ThrowNullReferenceException() => RuntimeFailure.Report(RuntimeFailure.NullReference);

        [DoesNotReturn]
        [MethodImpl(MethodImplOptions.NoInlining)]
        internal static void ThrowOverflowException() => RuntimeFailure.Report(RuntimeFailure.Overflow);

        [DoesNotReturn]
        [MethodImpl(MethodImplOptions.NoInlining)]
        internal static void ThrowDivideByZeroException() => RuntimeFailure.Report(RuntimeFailure.DivideByZero);

        [DoesNotReturn]
        [MethodImpl(MethodImplOptions.NoInlining)]
        internal static void ThrowArrayTypeMismatchException() => RuntimeFailure.Report(RuntimeFailure.ArrayTypeMismatch);

        [DoesNotReturn]
        [MethodImpl(MethodImplOptions.NoInlining)]
        internal static void ThrowInvalidCastException() => RuntimeFailure.Report(RuntimeFailure.InvalidCast);

        [DoesNotReturn]
        [MethodImpl(MethodImplOptions.NoInlining)]
        internal static void ThrowArgumentException() => RuntimeFailure.Report(RuntimeFailure.ArgumentOutOfRange);

        [DoesNotReturn]
        [MethodImpl(MethodImplOptions.NoInlining)]
        internal static void ThrowArgumentOutOfRangeException() => RuntimeFailure.Report(RuntimeFailure.ArgumentOutOfRange);

        [DoesNotReturn]
        [MethodImpl(MethodImplOptions.NoInlining)]
        internal static void ThrowPlatformNotSupportedException() => RuntimeFailure.Report(RuntimeFailure.Unsupported);

        [DoesNotReturn]
        [MethodImpl(MethodImplOptions.NoInlining)]
        internal static void ThrowNotImplementedException() => RuntimeFailure.Report(RuntimeFailure.Unsupported);

        [DoesNotReturn]
        [MethodImpl(MethodImplOptions.NoInlining)]
        internal static void ThrowFeatureBodyRemoved() => RuntimeFailure.Report(RuntimeFailure.Unsupported);

        [DoesNotReturn]
        [MethodImpl(MethodImplOptions.NoInlining)]
        internal static void ThrowInstanceBodyRemoved() => RuntimeFailure.Report(RuntimeFailure.Unsupported);

        [DoesNotReturn]
        [MethodImpl(MethodImplOptions.NoInlining)]
        internal static void ThrowUnavailableType() => RuntimeFailure.Report(RuntimeFailure.Unsupported);

        // ilc puts this call where a method cannot be compiled; the arguments say what it missed.
        [DoesNotReturn]
        [MethodImpl(MethodImplOptions.NoInlining)]
        internal static void ThrowTypeLoadException(int id, string typeName, string assemblyName) => RuntimeFailure.Report(RuntimeFailure.Unsupported);

        [DoesNotReturn]
        [MethodImpl(MethodImplOptions.NoInlining)]
        internal static void ThrowTypeLoadExceptionWithArgument(int id, string typeName, string assemblyName, string argument) => RuntimeFailure.Report(RuntimeFailure.Unsupported);

        [DoesNotReturn]
        [MethodImpl(MethodImplOptions.NoInlining)]
        internal static void ThrowMissingMethodException(int id, string methodName) => RuntimeFailure.Report(RuntimeFailure.Unsupported);

        [DoesNotReturn]
        [MethodImpl(MethodImplOptions.NoInlining)]
        internal static void ThrowMissingFieldException(int id, string fieldName) => RuntimeFailure.Report(RuntimeFailure.Unsupported);

        [DoesNotReturn]
        [MethodImpl(MethodImplOptions.NoInlining)]
        internal static void ThrowInvalidProgramException(int id) => RuntimeFailure.Report(RuntimeFailure.Unsupported);

        [DoesNotReturn]
        [MethodImpl(MethodImplOptions.NoInlining)]
        internal static void ThrowInvalidProgramExceptionWithArgument(int id, string methodName) => RuntimeFailure.Report(RuntimeFailure.Unsupported);

        [DoesNotReturn]
        [MethodImpl(MethodImplOptions.NoInlining)]
        internal static void ThrowFileNotFoundException(int id, string fileName) => RuntimeFailure.Report(RuntimeFailure.Unsupported);

        [DoesNotReturn]
        [RuntimeExport("RhpThrowEx")]
        private static void Throw(object exception) => RuntimeFailure.Report(RuntimeFailure.Thrown);

        [DoesNotReturn]
        [RuntimeExport("RhpFallbackFailFast")]
        private static void FailFast() => RuntimeFailure.Report(RuntimeFailure.StackCookie);
    }

    /// <summary>Class constructors that run lazily are a build error; ilc still wants the type to be there.</summary>
    internal static class ClassConstructorRunner
    {
        private static nint CheckStaticClassConstructionReturnGCStaticBase(nint context, nint gcStaticBase)
        {
            RuntimeFailure.Report(RuntimeFailure.Unsupported);
            return gcStaticBase;
        }

        private static nint CheckStaticClassConstructionReturnNonGCStaticBase(nint context, nint nonGcStaticBase)
        {
            RuntimeFailure.Report(RuntimeFailure.Unsupported);
            return nonGcStaticBase;
        }

        private static void CheckStaticClassConstruction(nint context) => RuntimeFailure.Report(RuntimeFailure.Unsupported);
    }

    /// <summary>Handles for <c>ldtoken</c>: only enough for array initialisers.</summary>
    internal static class LdTokenHelpers
    {
        private static RuntimeTypeHandle GetRuntimeTypeHandle(nint type) => default;

        private static RuntimeFieldHandle GetRuntimeFieldHandle(nint field) => default;

        private static Type? GetRuntimeType(nint type) => null;
    }
}

namespace System.Runtime.CompilerServices
{
    // The runner that newer compilers look for under this namespace.
    internal static class ClassConstructorRunner
    {
        private static nint CheckStaticClassConstructionReturnGCStaticBase(nint context, nint gcStaticBase)
        {
            Internal.Runtime.RuntimeFailure.Report(Internal.Runtime.RuntimeFailure.Unsupported);
            return gcStaticBase;
        }

        private static nint CheckStaticClassConstructionReturnNonGCStaticBase(nint context, nint nonGcStaticBase)
        {
            Internal.Runtime.RuntimeFailure.Report(Internal.Runtime.RuntimeFailure.Unsupported);
            return nonGcStaticBase;
        }

        private static void CheckStaticClassConstruction(nint context) =>
            Internal.Runtime.RuntimeFailure.Report(Internal.Runtime.RuntimeFailure.Unsupported);
    }
}

using Internal.Runtime;

namespace System.Runtime.CompilerServices
{
    /// <summary>What the C# compiler calls for array initialisers and constant spans; both are expanded by ilc.</summary>
    public static class RuntimeHelpers
    {
        [Intrinsic]
        public static void InitializeArray(Array array, RuntimeFieldHandle field) => RuntimeFailure.Report(RuntimeFailure.Unsupported);

        [Intrinsic]
        public static ReadOnlySpan<T> CreateSpan<T>(RuntimeFieldHandle field)
        {
            RuntimeFailure.Report(RuntimeFailure.Unsupported);
            return default;
        }

        [Intrinsic]
        public static bool IsReferenceOrContainsReferences<T>() => IsReferenceOrContainsReferences<T>();
    }
}

namespace System.Runtime.InteropServices
{
    /// <summary>Named by ilc for casts to interfaces; nothing here implements it.</summary>
    public interface IDynamicInterfaceCastable
    {
        internal static nint GetDynamicInterfaceImplementation(IDynamicInterfaceCastable instance, nint interfaceType, ushort slot)
        {
            RuntimeFailure.Report(RuntimeFailure.Unsupported);
            return 0;
        }
    }
}

namespace SharpVisor.Formats;

/// <summary>What is done with a VM that crashed.</summary>
public enum BundleCrashPolicy
{
    /// <summary>It stays stopped, and what it held may be given back.</summary>
    Stop,

    /// <summary>It starts again, later each time it crashes soon.</summary>
    Restart,

    /// <summary>It stays as it is, for the debugger.</summary>
    Keep,
}

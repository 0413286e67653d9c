namespace SharpVisor.Drivers;

/// <summary>A driver as its device's interrupt reaches it.</summary>
public abstract class InterruptHandler
{
    /// <summary>
    /// The device may have interrupted, or another one that shares its line. Called on any CPU, one at a time for a line, with
    /// no lock held and SIMD registers free to use. It ends the device's wish before it returns.
    /// </summary>
    public abstract void HandleInterrupt();
}

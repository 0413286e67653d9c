namespace SharpVisor.Devices.Virtio;

/// <summary>
/// Who lets a transport do the work that a driver's notification asks for: a register access itself is short and touches
/// no SIMD register; the work behind it is long.
/// </summary>
public abstract class WorkRunner
{
    /// <summary>
    /// Calls <see cref="VirtioTransport.Work"/>; where that has more to do, the guest's access is done anew, so that
    /// interrupts are served in between.
    /// </summary>
    /// <param name="transport">The caller; it holds no lock.</param>
    public abstract void Run(VirtioTransport transport);
}

namespace SharpVisor.Devices.Virtio;

/// <summary>
/// Who lets a transport do what is long: the work that a notification asks for, and the setting up of a device. What the
/// access itself does is short and touches no SIMD register; behind this everything is allowed.
/// </summary>
/// <remarks>
/// Where the transport says that more is left, the guest's access is done anew, so that interrupts are served in between.
/// The caller holds no lock.
/// </remarks>
public abstract class WorkRunner
{
    /// <summary>Calls <see cref="VirtioTransport.Work"/>.</summary>
    public abstract void Work(VirtioTransport transport);

    /// <summary>Calls <see cref="VirtioTransport.Configure"/>.</summary>
    public abstract void Configure(VirtioTransport transport, uint offset, int size, uint value);

    /// <summary>A device has worked of its own accord, on any CPU. <see cref="VirtioTransport.Settle"/>.</summary>
    public virtual void Settled(VirtioTransport transport, bool isDone)
    {
    }
}

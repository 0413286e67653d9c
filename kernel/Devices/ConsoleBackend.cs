namespace SharpVisor.Devices;

/// <summary>What stands behind a serial device: the terminal, seen from the VM.</summary>
/// <remarks>
/// Several VCpus call at once; an implementation does its own locking. It must not call the device back from
/// inside either method, for the device may hold its own lock.
/// </remarks>
public abstract class ConsoleBackend
{
    /// <summary>Takes a byte that the guest sent. Never blocks; what has no room is dropped.</summary>
    public abstract void Transmit(byte value);

    /// <summary>Gives the next byte that was typed.</summary>
    /// <param name="value">The byte; only set where the result is true.</param>
    /// <returns>False where there is none.</returns>
    public abstract bool TryTake(out byte value);
}

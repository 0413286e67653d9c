namespace SharpVisor.Devices;

/// <summary>A device as a guest sees it: registers in a region of intermediate physical memory.</summary>
/// <remarks>
/// The bus has already checked that the whole access lies inside the device's region; nothing else about it is
/// to be trusted, alignment included. A device is called by several VCpus at once and does its own locking; an
/// implementation neither blocks nor allocates, and answers every access with a value (unknown registers
/// read as zero and ignore writes).
/// </remarks>
public abstract class MmioDevice
{
    /// <summary>Reads a register.</summary>
    /// <param name="vcpu">Index of the reading VCpu in its VM, for registers that are banked by CPU.</param>
    /// <param name="offset">Bytes from the start of the device's region.</param>
    /// <param name="size">1, 2, 4 or 8 bytes.</param>
    /// <returns>The value, zero above <paramref name="size"/> bytes.</returns>
    public abstract ulong Read(int vcpu, uint offset, int size);

    /// <summary>Writes a register.</summary>
    /// <param name="vcpu">Index of the writing VCpu in its VM, for registers that are banked by CPU.</param>
    /// <param name="offset">Bytes from the start of the device's region.</param>
    /// <param name="size">1, 2, 4 or 8 bytes.</param>
    /// <param name="value">The value; bits above <paramref name="size"/> bytes may hold anything.</param>
    public abstract void Write(int vcpu, uint offset, int size, ulong value);

    /// <summary>Puts the device into the state it has when its machine is switched on.</summary>
    public abstract void Reset();
}

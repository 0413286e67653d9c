namespace SharpVisor.Devices;

/// <summary>Stands where no device is: reads as zero and ignores writes.</summary>
public sealed class AbsentDevice : MmioDevice
{
    /// <inheritdoc/>
    public override ulong Read(int vcpu, uint offset, int size) => 0;

    /// <inheritdoc/>
    public override void Write(int vcpu, uint offset, int size, ulong value)
    {
    }

    /// <inheritdoc/>
    public override void Reset()
    {
    }
}

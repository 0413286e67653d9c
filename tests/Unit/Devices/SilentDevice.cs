using SharpVisor.Devices;

namespace SharpVisor.Tests.Unit.Devices;

/// <summary>A device that does nothing.</summary>
public sealed class SilentDevice : MmioDevice
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

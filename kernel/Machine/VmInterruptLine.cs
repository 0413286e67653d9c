using SharpVisor.Devices;
using SharpVisor.Interrupts;

namespace SharpVisor.Machine;

/// <summary>The wire from an emulated device to a shared interrupt of its VM's GIC.</summary>
internal sealed class VmInterruptLine : InterruptLine
{
    private readonly VirtualGic _gic;
    private readonly uint _interrupt;

    internal VmInterruptLine(VirtualGic gic, uint interrupt)
    {
        _gic = gic;
        _interrupt = interrupt;
    }

    /// <inheritdoc/>
    public override void Update(int self, ref int level) => _gic.SetLine(self, 0, _interrupt, ref level);
}

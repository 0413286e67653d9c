using SharpVisor.Arch;
using SharpVisor.Devices;
using SharpVisor.Formats;

namespace SharpVisor.Machine;

/// <summary>The time of day: what the machine's PL031 said at start-up, moved on by the system counter; from 1970 where it has none.</summary>
internal sealed class MachineClock : WallClock
{
    private readonly ulong _start;
    private readonly ulong _counterAtStart;
    private readonly ulong _frequency;

    private MachineClock(ulong start)
    {
        _start = start;
        _counterAtStart = SystemRegisters.ReadCntpctEl0();
        ulong frequency = SystemRegisters.ReadCntfrqEl0();
        _frequency = frequency == 0 ? 1 : frequency; // firmware that forgot it: time stands still rather than the machine
    }

    /// <inheritdoc/>
    public override ulong Seconds => _start + ((SystemRegisters.ReadCntpctEl0() - _counterAtStart) / _frequency);

    /// <summary>Address of the machine's PL031, 0 where there is none.</summary>
    internal static ulong FindDevice(FdtReader tree) =>
        tree.TryFindCompatible(tree.Root, "arm,pl031"u8, out FdtNode node) && tree.TryGetRegister(node, 0, out ulong address, out _) ? address : 0;

    /// <summary>Makes the clock; <paramref name="device"/> is mapped, or 0.</summary>
    internal static MachineClock Make(ulong device) => new(device == 0 ? 0 : Mmio.Read32(device));
}

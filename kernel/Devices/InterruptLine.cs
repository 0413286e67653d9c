namespace SharpVisor.Devices;

/// <summary>The wire from a device to the VM's interrupt controller.</summary>
/// <remarks>
/// A device keeps the level of its wire in a field that it writes under its own lock, gives that lock back, and
/// says that the level may have changed. The controller reads the field under the controller's lock, so of two
/// changes that overtake each other the later one always wins, and no lock is taken inside another.
/// </remarks>
public abstract class InterruptLine
{
    /// <summary>Says that the level may have changed. The caller must not hold its device's lock.</summary>
    /// <param name="self">Index of the VCpu on whose behalf the caller runs, or -1 where there is none.</param>
    /// <param name="level">The field that holds the level: 0 not asserted, anything else asserted.</param>
    public abstract void Update(int self, ref int level);
}

namespace SharpVisor.Interrupts;

/// <summary>
/// The hypervisor's side of a virtual CPU interface: list registers and the maintenance interrupt. Hardware ones
/// (ICH_* of a GICv3, GICH of a GICv2) act on the calling CPU; the software one on the VCpu that it belongs to.
/// </summary>
public abstract class VirtualCpuInterface
{
    /// <summary>Words that <see cref="Save"/> needs.</summary>
    public const int StateLength = 9;

    /// <summary>Number of list registers, 1 to 16.</summary>
    public abstract int ListRegisterCount { get; }

    /// <summary>Reads one, in the layout of <see cref="ListRegister"/>.</summary>
    public abstract ulong ReadListRegister(int index);

    /// <summary>Writes one.</summary>
    public abstract void WriteListRegister(int index, ulong value);

    /// <summary>A bit for each list register that holds no interrupt and waits for nothing (ELRSR).</summary>
    public abstract uint EmptyListRegisters();

    /// <summary>A bit for each list register whose interrupt the guest ended and that asked to be told (EISR).</summary>
    public abstract uint EndedListRegisters();

    /// <summary>
    /// Chooses what raises the maintenance interrupt, beside the end of interrupts that ask for it. With
    /// <see cref="MaintenanceReasons.EndNotPresent"/> the guest's deactivations (ICC_DIR) of the interrupts that are
    /// in no list register must reach <see cref="VirtualGic.Deactivate"/> too.
    /// </summary>
    public abstract void SetMaintenance(MaintenanceReasons reasons);

    /// <summary>
    /// How many interrupts the guest ended (and thereby deactivated: none with EOImode 1) that were in no list
    /// register (EOIcount); counting starts again.
    /// </summary>
    public abstract int TakeEndCount();

    /// <summary>Groups that the guest's interface lets through (VMCR): bit 0 group 0, bit 1 group 1.</summary>
    public abstract uint EnabledGroups();

    /// <summary>Ends the active state of a physical interrupt of the calling CPU, so that it can come again.</summary>
    public abstract void DeactivatePhysical(uint interrupt);

    /// <summary>Puts the guest's side into its reset state, with no interrupt in any list register, and lets it deliver.</summary>
    public abstract void Start();

    /// <summary>Delivers nothing any more.</summary>
    public abstract void Stop();

    /// <summary>
    /// Takes the guest's side out of the calling CPU, to be loaded again later, and delivers nothing any more. The list
    /// registers have been folded.
    /// </summary>
    /// <param name="state"><see cref="StateLength"/> words.</param>
    public abstract void Save(ulong[] state);

    /// <summary>Puts the guest's side into the calling CPU and lets it deliver; no list register holds an interrupt.</summary>
    /// <param name="state">What <see cref="Save"/> wrote.</param>
    /// <param name="reasons">As in <see cref="SetMaintenance"/>.</param>
    public abstract void Load(ulong[] state, MaintenanceReasons reasons);
}

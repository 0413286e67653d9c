using System;

namespace SharpVisor.Interrupts;

/// <summary>
/// What raises the maintenance interrupt, beside the end of an interrupt that asks for it. The bits of ICH_HCR_EL2
/// and GICH_HCR (Arm IHI 0069, 12.4.5).
/// </summary>
[Flags]
public enum MaintenanceReasons : uint
{
    /// <summary>Nothing else.</summary>
    None = 0,

    /// <summary>LRENPIE: the guest ended an interrupt that is in no list register.</summary>
    EndNotPresent = 1 << 2,

    /// <summary>NPIE: no list register is pending.</summary>
    NonePending = 1 << 3,

    /// <summary>VGrp0EIE: the guest's interface lets group 0 through.</summary>
    Group0Enabled = 1 << 4,

    /// <summary>VGrp0DIE: it does not.</summary>
    Group0Disabled = 1 << 5,

    /// <summary>VGrp1EIE: the guest's interface lets group 1 through.</summary>
    Group1Enabled = 1 << 6,

    /// <summary>VGrp1DIE: it does not.</summary>
    Group1Disabled = 1 << 7,
}

using System.Numerics;

namespace SharpVisor.Interrupts;

/// <summary>
/// A virtual CPU interface without hardware, of one VCpu: list registers in memory, and the guest's side of a GICv2
/// (Arm IHI 0048, 4.4 and 5.5) with 32 preemption levels. Where a guest's accesses trap, <see cref="GicCpuFrame"/>
/// brings them here.
/// </summary>
/// <remarks>Only the VCpu's own CPU touches it, so it needs no lock.</remarks>
public abstract class SoftwareCpuInterface : VirtualCpuInterface
{
    /// <summary>What an acknowledge returns when nothing can be acknowledged.</summary>
    public const uint Spurious = 1023;

    /// <summary>What an acknowledge returns when the interrupt is for the other group's register.</summary>
    public const uint OtherGroup = 1022;

    private const int MaximumSlots = 16;

    // With five priority bits the binary point has no lower values; GICC_ABPR counts one more.
    private const uint MinimumBinaryPoint = 2;
    private const int PriorityUnusedBits = 3;
    private const uint IdlePriority = 0xff;
    private const uint PriorityBits = 0xf8;

    private readonly ulong[] _listRegisters = new ulong[MaximumSlots];
    private readonly int _count;

    // A bit for each list register that is pending and not active; active; neither, and asks for maintenance.
    private uint _pendingSlots;
    private uint _activeSlots;
    private uint _endedSlots;

    private MaintenanceReasons _reasons;
    private uint _activeGroup0;
    private uint _activeGroup1;
    private int _endCount;
    private bool _running;
    private bool _signalled;

    private uint _enabledGroups;
    private uint _priorityMask;
    private uint _binaryPoint = MinimumBinaryPoint;
    private uint _aliasedBinaryPoint = MinimumBinaryPoint + 1;
    private bool _acknowledgeControl;
    private bool _commonBinaryPoint;
    private bool _splitEnd;
    private bool _fastInterrupts;

    /// <summary>Makes one with 1 to 16 list registers.</summary>
    protected SoftwareCpuInterface(int listRegisters) => _count = listRegisters;

    /// <inheritdoc/>
    public override int ListRegisterCount => _count;

    /// <summary>Whether the guest's interrupt input is asserted.</summary>
    public bool IsSignalled => _signalled;

    /// <summary>Whether the maintenance interrupt is asserted: <see cref="VirtualGic.HandleMaintenance"/> is due.</summary>
    public bool NeedsMaintenance
    {
        get
        {
            if (!_running)
            {
                return false;
            }

            return _endedSlots != 0
                || (Has(MaintenanceReasons.EndNotPresent) && _endCount != 0)
                || (Has(MaintenanceReasons.NonePending) && _pendingSlots == 0)
                || (Has(MaintenanceReasons.Group0Enabled) && (_enabledGroups & 1) != 0)
                || (Has(MaintenanceReasons.Group0Disabled) && (_enabledGroups & 1) == 0)
                || (Has(MaintenanceReasons.Group1Enabled) && (_enabledGroups & 2) != 0)
                || (Has(MaintenanceReasons.Group1Disabled) && (_enabledGroups & 2) == 0);
        }
    }

    /// <summary>GICC_CTLR: EnableGrp0, EnableGrp1, AckCtl, FIQEn (without effect: there is one input), CBPR, EOImode.</summary>
    public uint Control
    {
        get => _enabledGroups | (_acknowledgeControl ? 1u << 2 : 0) | (_fastInterrupts ? 1u << 3 : 0)
            | (_commonBinaryPoint ? 1u << 4 : 0) | (_splitEnd ? 1u << 9 : 0);
        set
        {
            _enabledGroups = value & 3;
            _acknowledgeControl = (value & (1 << 2)) != 0;
            _fastInterrupts = (value & (1 << 3)) != 0;
            _commonBinaryPoint = (value & (1 << 4)) != 0;
            _splitEnd = (value & (1 << 9)) != 0;
            UpdateSignal();
        }
    }

    /// <summary>GICC_PMR: only interrupts of higher priority, that is of a lower number, get through.</summary>
    public uint PriorityMask
    {
        get => _priorityMask;
        set
        {
            _priorityMask = value & PriorityBits;
            UpdateSignal();
        }
    }

    /// <summary>GICC_BPR: priority bits above this one preempt.</summary>
    public uint BinaryPoint
    {
        get => _binaryPoint;
        set
        {
            _binaryPoint = System.Math.Max(value & 7, MinimumBinaryPoint);
            UpdateSignal();
        }
    }

    /// <summary>GICC_ABPR: for group 1, priority bits from this one on preempt.</summary>
    public uint AliasedBinaryPoint
    {
        get => _aliasedBinaryPoint;
        set
        {
            _aliasedBinaryPoint = System.Math.Max(value & 7, MinimumBinaryPoint + 1);
            UpdateSignal();
        }
    }

    /// <summary>GICC_RPR: the priority of what the guest is in, 0xff for nothing.</summary>
    public uint RunningPriority
    {
        get
        {
            uint active = _activeGroup0 | _activeGroup1;
            return active == 0 ? IdlePriority : (uint)BitOperations.TrailingZeroCount(active) << PriorityUnusedBits;
        }
    }

    /// <summary>GICC_APR0: a bit for each active priority of group 0.</summary>
    public uint ActivePriorities
    {
        get => _activeGroup0;
        set
        {
            _activeGroup0 = value;
            UpdateSignal();
        }
    }

    /// <summary>GICC_NSAPR0: a bit for each active priority of group 1.</summary>
    public uint ActivePrioritiesGroup1
    {
        get => _activeGroup1;
        set
        {
            _activeGroup1 = value;
            UpdateSignal();
        }
    }

    /// <inheritdoc/>
    public override ulong ReadListRegister(int index) => _listRegisters[index];

    /// <inheritdoc/>
    public override void WriteListRegister(int index, ulong value)
    {
        Set(index, value);
        UpdateSignal();
    }

    /// <inheritdoc/>
    public override uint EmptyListRegisters() => ((1u << _count) - 1) & ~(_pendingSlots | _activeSlots | _endedSlots);

    /// <inheritdoc/>
    public override uint EndedListRegisters() => _endedSlots;

    /// <inheritdoc/>
    public override void SetMaintenance(MaintenanceReasons reasons)
    {
        _reasons = reasons;
        _endCount = 0;
    }

    /// <inheritdoc/>
    public override int TakeEndCount()
    {
        int count = _endCount;
        _endCount = 0;
        return count;
    }

    /// <inheritdoc/>
    public override uint EnabledGroups() => _enabledGroups;

    /// <inheritdoc/>
    public override void Start()
    {
        // Four zeros side by side would be one SIMD register's.
        _reasons = MaintenanceReasons.None;
        _activeGroup0 = 0;
        for (int i = 0; i < _listRegisters.Length; i++)
        {
            Set(i, 0);
        }

        _activeGroup1 = 0;
        _endCount = 0;
        _priorityMask = 0;
        _binaryPoint = MinimumBinaryPoint;
        _aliasedBinaryPoint = MinimumBinaryPoint + 1;
        _running = true;
        Control = 0;
    }

    /// <inheritdoc/>
    public override void Stop()
    {
        _running = false;
        UpdateSignal();
    }

    /// <inheritdoc/>
    public override void Save(ulong[] state)
    {
        // The guest's side is this object's own.
        _running = false;
        UpdateSignal();
    }

    /// <inheritdoc/>
    public override void Load(ulong[] state, MaintenanceReasons reasons)
    {
        _running = true;
        _reasons = reasons;
        UpdateSignal();
    }

    /// <summary>GICC_HPPIR: what <see cref="Acknowledge"/> would return if nothing were masked or running; nothing changes.</summary>
    /// <param name="group1Only">GICC_AHPPIR.</param>
    public uint HighestPending(bool group1Only)
    {
        int index = FindHighestPending();
        return index < 0 ? Spurious : Visible(_listRegisters[index], group1Only);
    }

    /// <summary>GICC_IAR: makes the highest pending interrupt active, if its priority is high enough.</summary>
    /// <param name="group1Only">GICC_AIAR: for group 1 alone.</param>
    /// <returns>INTID and, for an SGI, source VCpu above bit 10; or <see cref="Spurious"/> or <see cref="OtherGroup"/>.</returns>
    public uint Acknowledge(bool group1Only)
    {
        int index = FindDeliverable();
        if (index < 0)
        {
            return Spurious;
        }

        ulong value = _listRegisters[index];
        uint visible = Visible(value, group1Only);
        if (visible is Spurious or OtherGroup)
        {
            return visible;
        }

        uint level = 1u << (int)(PreemptionPriority(value) >> PriorityUnusedBits);
        if ((value & ListRegister.Group1) != 0)
        {
            _activeGroup1 |= level;
        }
        else
        {
            _activeGroup0 |= level;
        }

        Set(index, (value & ~ListRegister.Pending) | ListRegister.Active);
        UpdateSignal();
        return visible;
    }

    /// <summary>GICC_EOIR and GICC_AEOIR: drops the running priority and, unless EOImode is set, deactivates.</summary>
    public void End(uint value)
    {
        if ((value & 0x3ff) >= OtherGroup - 2 || (_activeGroup0 | _activeGroup1) == 0)
        {
            return;
        }

        uint highest = (_activeGroup0 | _activeGroup1) & (0u - (_activeGroup0 | _activeGroup1));
        if ((_activeGroup0 & highest) != 0)
        {
            _activeGroup0 &= ~highest;
        }
        else
        {
            _activeGroup1 &= ~highest;
        }

        if (!_splitEnd && !TryDeactivateSlot(value))
        {
            _endCount++;
        }

        UpdateSignal();
    }

    /// <summary>GICC_DIR: deactivates an interrupt that is in a list register; only with EOImode.</summary>
    /// <returns>False where it is in none, and active perhaps all the same: <see cref="VirtualGic.Deactivate"/> knows.</returns>
    public bool TryDeactivate(uint value)
    {
        if (!_splitEnd)
        {
            return true;
        }

        bool found = TryDeactivateSlot(value);
        UpdateSignal();
        return found;
    }

    /// <summary>The guest's interrupt input changed to <see cref="IsSignalled"/>.</summary>
    protected abstract void SignalChanged();

    private static bool AsksForMaintenance(ulong value) =>
        (value & (ListRegister.EndMaintenance | ListRegister.Hardware)) == ListRegister.EndMaintenance;

    private bool Has(MaintenanceReasons reason) => (_reasons & reason) != 0;

    private void Set(int index, ulong value)
    {
        uint bit = 1u << index;
        _listRegisters[index] = value;
        _pendingSlots &= ~bit;
        _activeSlots &= ~bit;
        _endedSlots &= ~bit;
        if ((value & ListRegister.Active) != 0)
        {
            _activeSlots |= bit;
        }
        else if ((value & ListRegister.Pending) != 0)
        {
            _pendingSlots |= bit;
        }
        else if (AsksForMaintenance(value))
        {
            _endedSlots |= bit;
        }
    }

    private bool TryDeactivateSlot(uint value)
    {
        for (uint active = _activeSlots; active != 0; active &= active - 1)
        {
            int i = BitOperations.TrailingZeroCount(active);
            ulong held = _listRegisters[i];
            if (ListRegister.VirtualId(held) == (value & 0x1fff))
            {
                Set(i, held & ~ListRegister.Active);
                if ((held & ListRegister.Hardware) != 0)
                {
                    DeactivatePhysical(ListRegister.PhysicalId(held));
                }

                return true;
            }
        }

        return false;
    }

    /// <summary>Of the pending list registers whose group is let through, the one of highest priority, then of lowest INTID; or -1.</summary>
    private int FindHighestPending()
    {
        int best = -1;
        for (uint pending = _pendingSlots; pending != 0; pending &= pending - 1)
        {
            int i = BitOperations.TrailingZeroCount(pending);
            ulong value = _listRegisters[i];
            uint group = (value & ListRegister.Group1) != 0 ? 2u : 1;
            if ((_enabledGroups & group) == 0)
            {
                continue;
            }

            if (best < 0 || KeyOf(value) < KeyOf(_listRegisters[best]))
            {
                best = i;
            }
        }

        return best;
    }

    /// <summary>The one that <see cref="FindHighestPending"/> finds, if it gets past the mask and what is running; or -1.</summary>
    private int FindDeliverable()
    {
        int best = FindHighestPending();
        if (best < 0 || !_running)
        {
            return -1;
        }

        ulong value = _listRegisters[best];
        return ListRegister.Priority(value) < _priorityMask && PreemptionPriority(value) < RunningPriority ? best : -1;
    }

    private static ulong KeyOf(ulong value) => ((ulong)ListRegister.Priority(value) << 16) | (ListRegister.VirtualId(value) & 0x3ff);

    private uint PreemptionPriority(ulong value)
    {
        bool aliased = (value & ListRegister.Group1) != 0 && !_commonBinaryPoint;
        int bit = (int)(aliased ? _aliasedBinaryPoint : _binaryPoint + 1);
        return ListRegister.Priority(value) >> bit << bit;
    }

    private uint Visible(ulong value, bool group1Only)
    {
        bool isGroup1 = (value & ListRegister.Group1) != 0;
        if (group1Only)
        {
            return isGroup1 ? ListRegister.VirtualId(value) : Spurious;
        }

        return isGroup1 && !_acknowledgeControl ? OtherGroup : ListRegister.VirtualId(value);
    }

    private void UpdateSignal()
    {
        bool signalled = FindDeliverable() >= 0;
        if (signalled != _signalled)
        {
            _signalled = signalled;
            SignalChanged();
        }
    }
}

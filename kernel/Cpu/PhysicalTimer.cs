using SharpVisor.Arch;

namespace SharpVisor.Cpu;

/// <summary>
/// The EL1 physical timer (CNTP_*) as a guest sees it: its registers trap (CNTHCTL_EL2.EL1PCEN = 0), and the
/// hypervisor's own timer stands in for its comparator (Arm ARM D12.2). The guest's physical counter is
/// the machine's.
/// </summary>
internal sealed class PhysicalTimer
{
    private const ulong Enable = 1;
    private const ulong Mask = 2;
    private const ulong Status = 4;

    private readonly VCpu _vcpu;
    private ulong _control;
    private ulong _compareValue;
    private int _level;

    internal PhysicalTimer(VCpu vcpu) => _vcpu = vcpu;

    /// <summary>CNTP_CTL_EL0 with ISTATUS.</summary>
    internal ulong Control => _control | (IsConditionMet ? Status : 0);

    /// <summary>CNTP_CVAL_EL0.</summary>
    internal ulong CompareValue => _compareValue;

    /// <summary>CNTP_TVAL_EL0: the signed 32-bit distance to the compare value.</summary>
    internal ulong TimerValue => (uint)(_compareValue - SystemRegisters.ReadCntpctEl0());

    /// <summary>Whether the timer's output is asserted.</summary>
    internal bool Level => (_control & Mask) == 0 && IsConditionMet;

    /// <summary>When its output becomes asserted, or became so; <see cref="HypervisorTimer.Never"/> where it is off or masked.</summary>
    internal ulong Due => (_control & (Enable | Mask)) == Enable ? _compareValue : HypervisorTimer.Never;

    private bool IsConditionMet => (_control & Enable) != 0 && SystemRegisters.ReadCntpctEl0() >= _compareValue;

    internal void WriteControl(ulong value)
    {
        _control = value & (Enable | Mask);
        Update();
    }

    internal void WriteCompareValue(ulong value)
    {
        _compareValue = value;
        Update();
    }

    internal void WriteTimerValue(ulong value) =>
        WriteCompareValue(SystemRegisters.ReadCntpctEl0() + (ulong)(int)(uint)value);

    /// <summary>Changes both registers while the VCpu is on no CPU.</summary>
    internal void Set(ulong control, ulong compareValue)
    {
        _control = control & (Enable | Mask);
        _compareValue = compareValue;
    }

    /// <summary>The state after reset: disabled.</summary>
    internal void Reset()
    {
        _control = 0;
        _compareValue = 0;
        _level = 0;
    }

    /// <summary>The VCpu has been loaded: what came due meanwhile, and when the next change is.</summary>
    internal void Resume()
    {
        if (_control != 0)
        {
            Update();
        }
    }

    /// <summary>Drives the virtual interrupt by the timer's output and sets the hypervisor's timer for the next change.</summary>
    internal void Update()
    {
        bool level = Level;
        _level = level ? 1 : 0;
        _vcpu.Vm!.Gic.SetLine(_vcpu.Index, _vcpu.Index, InterruptNumbers.PhysicalTimer, ref _level);
        _vcpu.Cpu.Timer.SetGuestTimer(level ? HypervisorTimer.Never : Due);
    }
}

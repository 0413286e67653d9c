using SharpVisor.Arch;

namespace SharpVisor.Cpu;

/// <summary>
/// Looks every few seconds at where a VCpu is. One that stays at one place with interrupts masked, and does not wait for
/// anything there, will hardly get away by itself: a line says so, once a start. It may be right all the same, so
/// nothing is done to it.
/// </summary>
internal sealed unsafe class SpinWatch
{
    private const ulong SecondsBetweenLooks = 2;
    private const int LooksBeforeReport = 3;
    private const ulong SamePlace = 256; // bytes
    private const ulong InterruptMask = 1 << 7; // PSTATE.I
    private const uint WaitForInterrupt = 0xd503_207f;
    private const uint WaitForEvent = 0xd503_205f;

    private readonly VCpu _vcpu;
    private ulong _place;
    private int _looks;

    internal SpinWatch(VCpu vcpu) => _vcpu = vcpu;

    /// <summary>Begins to look: the VCpu has started.</summary>
    internal void Start()
    {
        _looks = 0;
        _place = 0;
        _vcpu.Cpu.Timer.SetWatch(SystemRegisters.ReadCntpctEl0() + Interval);
    }

    /// <summary>Looks, and sets the time for the next look.</summary>
    internal void Look(ulong now)
    {
        if ((_vcpu.Pstate & InterruptMask) == 0 || _vcpu.Pc - _place >= SamePlace || IsWaiting(_vcpu.Pc) || IsWaiting(_vcpu.Pc - 4))
        {
            _looks = 0;
            _place = (_vcpu.Pc & ~3ul) - (SamePlace / 2);
        }
        else if (++_looks == LooksBeforeReport)
        {
            GuestLog.Report(_vcpu, "has been here for seconds with interrupts masked: it may spin for ever; Ctrl-] leads to the hypervisor"u8);
            _vcpu.Cpu.Timer.SetWatch(HypervisorTimer.Never);
            return;
        }

        _vcpu.Cpu.Timer.SetWatch(now + Interval);
    }

    private static ulong Interval => SystemRegisters.ReadCntfrqEl0() * SecondsBetweenLooks;

    private bool IsWaiting(ulong pc) =>
        GuestTranslation.TryFetch(pc, out ulong ipa) && _vcpu.Vm!.Memory.TryGetHost(ipa & ~3ul, 4, out ulong host)
        && *(uint*)host is WaitForInterrupt or WaitForEvent;
}

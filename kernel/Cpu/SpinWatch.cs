using SharpVisor.Arch;

namespace SharpVisor.Cpu;

/// <summary>
/// Looks every few seconds at where a VCpu is. One that stays at one place with interrupts masked, and neither waits for
/// anything there nor asks a device, will hardly get away by itself: a line says so, once a start. It may be right all the same, so
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
    private ulong _next = HypervisorTimer.Never;

    internal SpinWatch(VCpu vcpu) => _vcpu = vcpu;

    /// <summary>Begins to look: the VCpu was reset.</summary>
    internal void Reset()
    {
        _vcpu.QuietLooks = 0;
        _place = 0;
        _next = SystemRegisters.ReadCntpctEl0() + Interval;
    }

    /// <summary>The VCpu has been loaded.</summary>
    internal void Resume() => _vcpu.Cpu.Timer.NoteWatch(_next);

    /// <summary>Looks, and notes the time for the next look. By the timer's interrupt, which programs the timer.</summary>
    internal void Look(ulong now)
    {
        _next = now + Interval;
        if ((_vcpu.Pstate & InterruptMask) == 0 || _vcpu.Pc - _place >= SamePlace)
        {
            Move();
        }
        else if (++_vcpu.QuietLooks >= LooksBeforeReport)
        {
            Trap.Rarely(&Report, _vcpu, 0, 0, 0);
        }

        _vcpu.Cpu.Timer.NoteWatch(_next);
    }

    private void Move()
    {
        _vcpu.QuietLooks = 0;
        _place = (_vcpu.Pc & ~3ul) - (SamePlace / 2);
    }

    private static VCpu Report(VCpu vcpu, ulong unused1, ulong unused2, ulong unused3)
    {
        SpinWatch watch = vcpu.Watch!;
        if (watch.IsWaiting(vcpu.Pc) || watch.IsWaiting(vcpu.Pc - 4))
        {
            watch.Move();
        }
        else
        {
            GuestLog.Report(vcpu, "has been here for seconds with interrupts masked: it may spin for ever; Ctrl-] leads to the hypervisor"u8);
            watch._next = HypervisorTimer.Never;
        }

        return vcpu;
    }

    private static ulong Interval => SystemRegisters.ReadCntfrqEl0() * SecondsBetweenLooks;

    private bool IsWaiting(ulong pc) =>
        GuestTranslation.TryFetch(pc, out ulong ipa, out _) && _vcpu.Vm!.Memory.TryReadUInt32(ipa & ~3ul, out uint instruction)
        && instruction is WaitForInterrupt or WaitForEvent;
}

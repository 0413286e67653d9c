using SharpVisor.Arch;

namespace SharpVisor.Cpu;

/// <summary>
/// The EL2 physical timer of a CPU (CNTHP, Arm ARM D12.2), shared by those that wait for a time: the guest's emulated
/// physical timer and the watch over guests that spin. It is set to whichever comes first. Only its own CPU uses it.
/// </summary>
internal sealed class HypervisorTimer
{
    /// <summary>No time to wait for.</summary>
    internal const ulong Never = ulong.MaxValue;

    private const ulong Enable = 1;

    private ulong _guestTimer = Never;
    private ulong _watch = Never;

    /// <summary>Sets when the guest's physical timer is due, as a value of the physical counter.</summary>
    internal void SetGuestTimer(ulong time)
    {
        _guestTimer = time;
        Program();
    }

    /// <summary>Sets when the watch is due.</summary>
    internal void SetWatch(ulong time)
    {
        _watch = time;
        Program();
    }

    /// <summary>The timer's interrupt, while a guest runs.</summary>
    internal void Handle(VCpu vcpu)
    {
        ulong now = SystemRegisters.ReadCntpctEl0();
        if (_guestTimer <= now)
        {
            vcpu.PhysicalTimer!.Update();
        }

        if (_watch <= now)
        {
            vcpu.Watch!.Look(now);
        }

        Program();
    }

    /// <summary>The VCpu has left the CPU: nothing is due any more.</summary>
    internal void Stop()
    {
        _guestTimer = Never;
        _watch = Never;
        SystemRegisters.WriteCnthpCtlEl2(0);
    }

    private void Program()
    {
        ulong next = _guestTimer < _watch ? _guestTimer : _watch;
        if (next == Never)
        {
            SystemRegisters.WriteCnthpCtlEl2(0);
        }
        else
        {
            SystemRegisters.WriteCnthpCvalEl2(next);
            SystemRegisters.WriteCnthpCtlEl2(Enable);
        }
    }
}

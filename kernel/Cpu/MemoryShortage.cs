using SharpVisor.Arch;
using SharpVisor.Debug;
using SharpVisor.Machine;
using SharpVisor.Machine.Life;
using SharpVisor.Machine.Ram;

namespace SharpVisor.Cpu;

/// <summary>
/// A guest wants a page and the machine has none left that is not promised to others. That happens only to a VM that has
/// its guarantee already. Pages that could be one with others are looked for, balloons are asked, and its VCpu sleeps and
/// tries again; where nothing has come free after some seconds, the VM ends: sooner where nobody is left to give any.
/// </summary>
internal static class MemoryShortage
{
    private const ulong Patience = 3; // seconds
    private const ulong PatienceWithGuests = 15; // that were asked and may be slow
    private const ulong TriesPerSecond = 200;
    private const int PagesToLookAt = 64;

    /// <summary>Puts the VCpu to sleep until it is to try again, or ends its VM.</summary>
    internal static VCpu Wait(VCpu vcpu)
    {
        PageScan.Sharing.Step(PagesToLookAt);
        MemoryPressure.Report();
        ulong now = SystemRegisters.ReadCntpctEl0();
        ulong second = SystemRegisters.ReadCntfrqEl0();
        ulong patience = MemoryPressure.IsAwaited ? PatienceWithGuests : Patience;
        if (vcpu.ShortSince == 0)
        {
            vcpu.ShortSince = now;
        }
        else if (now - vcpu.ShortSince > second * patience)
        {
            return End(vcpu);
        }

        vcpu.RetryAt = now + (second / TriesPerSecond);
        return CpuLoop.SleepRarely(vcpu);
    }

    private static VCpu End(VCpu vcpu)
    {
        Vm vm = vcpu.Vm!;
        if (!vm.IsStopping)
        {
            GuestMemory memory = vm.Memory;
            GuestLog.Begin(vcpu).Text("no memory left: it has "u8).Size(memory.Present).Text(", of which "u8).Size(memory.Guarantee)
                .Text(" are guaranteed, of at most "u8).Size(memory.Maximum).Text(": VM crashed"u8).End();
        }

        vm.RequestStop(VmStop.Crash);
        return CpuLoop.LeaveGuest(vcpu);
    }
}

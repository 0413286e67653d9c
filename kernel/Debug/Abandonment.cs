using System;
using System.Runtime;
using System.Runtime.CompilerServices;
using Internal.Runtime;
using SharpVisor.Arch;
using SharpVisor.Cpu;
using SharpVisor.Machine;
using SharpVisor.Machine.Life;

namespace SharpVisor.Debug;

/// <summary>
/// Keeps a bug that the language or the MMU caught in the middle of a guest's work (an index, a null reference, a
/// stack overflow) to that guest: the work is given up, locks are given back, the VM is stopped as crashed, and the
/// CPU goes on with an empty stack. The state of that VM may be half changed, but nobody will look at it again.
/// </summary>
internal static unsafe class Abandonment
{
    /// <summary>Gives up where that is possible, and then does not return; else the caller must panic.</summary>
    internal static void TryAbandon(ReadOnlySpan<byte> what, ulong framePointer, ulong pc = 0, ulong syndrome = 0, ulong address = 0)
    {
        if (SystemRegisters.ReadTpidrEl2() == 0)
        {
            return; // too early
        }

        VCpu vcpu = VCpu.Current;
        if (vcpu.Vm == null || vcpu.IsAbandoned || Heap.IsOpen || Dispatcher.IsInside)
        {
            return; // not for a guest, or this very way failed, or objects are half made, or the scheduler's lists are
        }

        vcpu.IsAbandoned = true;
        while (true)
        {
            ref SpinLock held = ref LockTracker.TakeLast();
            if (Unsafe.IsNullRef(ref held))
            {
                break;
            }

            held.Release();
        }

        vcpu.Vm.Gic.GiveUp(vcpu.Index);
        LogLine line = GuestLog.Begin(vcpu).Text("bug of the hypervisor: "u8).Text(what);
        if (pc != 0)
        {
            line = line.Text(" (ESR "u8).Hex(syndrome).Text(", FAR "u8).Hex(address).Text(")"u8);
        }

        line.Text(": VM crashed"u8).End();
        if (pc != 0)
        {
            Backtrace.WriteFrame(pc);
        }

        Backtrace.Write(framePointer);
        vcpu.Vm.RequestStop(VmStop.Crash);
        Abandon(vcpu);
    }

    [RuntimeExport("abandoned_guest")]
    private static void GoOn(VCpu vcpu) => CpuLoop.LeaveGuest(vcpu);

    [RuntimeImport("*", "abandon")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void Abandon(VCpu vcpu);
}

using System;
using System.Threading;
using SharpVisor.Debug;
using SharpVisor.Devices.Virtio;
using SharpVisor.Machine.Life;

namespace SharpVisor.Machine;

/// <summary>
/// What is done when a VM wants memory and none is left that is not promised: every VM that has more than its guarantee
/// and a driver for its balloon is asked to give some of that back. It may have it again when there is plenty.
/// </summary>
internal static class MemoryPressure
{
    private const ulong Step = 16ul << 20;
    private const ulong PlentyPart = 8; // an eighth of the machine's memory

    private static int s_isShort;
    private static bool s_hasAsked;
    private static bool s_isAwaited;

    /// <summary>Whether a guest was asked for memory and has not given all of it yet. From any CPU.</summary>
    internal static bool IsAwaited => Volatile.Read(ref s_isAwaited);

    /// <summary>There was none. From any CPU, with no lock held.</summary>
    internal static void Report()
    {
        if (Interlocked.Exchange(ref s_isShort, 1) == 0)
        {
            Hypervisor.AskForReview();
        }
    }

    /// <summary>Asks for memory, or says that it may be had again. Under the lock of the machine's control.</summary>
    internal static void Review()
    {
        bool isShort = Interlocked.Exchange(ref s_isShort, 0) != 0;
        bool isPlenty = s_hasAsked && Hypervisor.Pages.FreeBytes - Hypervisor.Pages.PromisedBytes > Hypervisor.TotalMemory / PlentyPart;
        if (!isShort && !isPlenty)
        {
            return;
        }

        s_hasAsked = isShort;
        bool isAwaited = false;
        for (int i = 0; i < VmTable.Count; i++)
        {
            VmEntry entry = VmTable.At(i);
            Vm? vm = entry.Vm;
            if (vm == null)
            {
                continue;
            }

            if (!isShort)
            {
                EndAsking(vm);
            }
            else if (entry.State == LifeState.Running && vm.Balloon.IsDriven && vm.Memory.Present > vm.Memory.Guarantee)
            {
                Ask(vm);
                isAwaited |= vm.Balloon.Actual < vm.Balloon.Target;
            }
        }

        Volatile.Write(ref s_isAwaited, isAwaited);
    }

    private static void Ask(Vm vm)
    {
        BalloonDevice balloon = vm.Balloon;
        if (vm.AskedPages == 0 || balloon.Target != vm.AskedPages)
        {
            vm.PagesBeforeAsking = balloon.Target; // a person's word since, or before
        }

        ulong most = (vm.Memory.Maximum - vm.Memory.Guarantee) / BalloonDevice.PageSize;
        ulong some = Math.Min(vm.Memory.Present - vm.Memory.Guarantee, Step) / BalloonDevice.PageSize;
        uint target = (uint)Math.Max(Math.Min(balloon.Actual + some, most), balloon.Target);
        if (target != balloon.Target)
        {
            Log.Detail().Text(vm.Name).Text(": asked for memory: its balloon is to have "u8).Size((ulong)target * BalloonDevice.PageSize).End();
        }

        vm.AskedPages = target;
        vm.Memory.MayBorrow = true;
        balloon.SetTarget(target, -1);
    }

    private static void EndAsking(Vm vm)
    {
        if (vm.AskedPages != 0 && vm.Balloon.Target == vm.AskedPages)
        {
            vm.Balloon.SetTarget(vm.PagesBeforeAsking, -1);
        }

        vm.AskedPages = 0;
        vm.Memory.MayBorrow = false;
    }
}

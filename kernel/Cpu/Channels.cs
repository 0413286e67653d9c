using System.Runtime.CompilerServices;
using SharpVisor.Arch;
using SharpVisor.Interrupts;
using SharpVisor.Machine;
using SharpVisor.Machine.Loading;
using SharpVisor.Memory;

namespace SharpVisor.Cpu;

/// <summary>
/// Memory that two VMs share, and their doorbells: what <see cref="ChannelTable"/> decides is carried out here. The memory
/// is the hypervisor's, zeroed, taken when the second of the two asks and given back when neither has it any more.
/// </summary>
/// <remarks>
/// One lock for all. No GIC is called with it held: the holder of a GIC's lock may wait for a VCpu that waits here.
/// A doorbell is rung afterwards, and who takes a VM apart waits for those who are still at it.
/// </remarks>
internal static class Channels
{
    private static ChannelTable? s_table;
    private static SpinLock s_lock;

    /// <summary>While start-up may still allocate.</summary>
    internal static void Initialise(int capacity) => s_table = new ChannelTable(capacity);

    /// <summary>Takes up a VM that was made. False where there is no room.</summary>
    internal static bool TryAdd(Vm vm)
    {
        s_lock.Enter();
        bool added = s_table!.TryAdd(vm.Channels);
        s_lock.Exit();
        return added;
    }

    /// <summary>Forgets a VM that is being destroyed.</summary>
    internal static void Remove(Vm vm)
    {
        LeaveAll(vm);
        s_lock.Enter();
        s_table!.Remove(vm.Channels);
        s_lock.Exit();
    }

    /// <summary>Asks for a channel.</summary>
    /// <returns>As <see cref="ChannelTable.Ask"/>.</returns>
    internal static ulong Connect(VCpu vcpu, in ChannelName peer, ulong size, out int end)
    {
        VmChannels mine = vcpu.Vm!.Channels;
        s_lock.Enter();
        ulong result = s_table!.Ask(mine, peer, size, out end, out ChannelPort? other, out int otherEnd);
        if (result != VendorResult.Success)
        {
            s_lock.Exit();
            return result;
        }

        VmChannels its = Of(other!);
        if (!TryShare(mine.Vm, end, its.Vm, otherEnd, size, out ulong memory))
        {
            s_table.Leave(mine, end, out _);
            s_lock.Exit();
            return VendorResult.NoRoom;
        }

        s_table.Pair(mine, end, its, otherEnd, memory);
        its.BeginRing();
        s_lock.Exit();
        Raise(vcpu, its, otherEnd);
        return VendorResult.Success;
    }

    /// <summary>Gives up an end. The other VM is told by its doorbell.</summary>
    internal static ulong Disconnect(VCpu vcpu, ulong end)
    {
        if (end >= ChannelTable.EndsPerVm)
        {
            return VendorResult.InvalidParameter;
        }

        return Leave(vcpu, vcpu.Vm!, (int)end) ? VendorResult.Success : VendorResult.NotConnected;
    }

    /// <summary>Rings the other VM's doorbell. Free of SIMD and allocation.</summary>
    internal static ulong Ring(VCpu vcpu, ulong end)
    {
        if (end >= ChannelTable.EndsPerVm)
        {
            return VendorResult.InvalidParameter;
        }

        s_lock.Enter();
        ref ChannelEnd mine = ref vcpu.Vm!.Channels.Ends[(int)end];
        if (mine.State != ChannelState.Connected)
        {
            s_lock.Exit();
            return VendorResult.NotConnected;
        }

        VmChannels its = Of(mine.Other!);
        int otherEnd = mine.OtherEnd;
        its.BeginRing();
        s_lock.Exit();
        Raise(vcpu, its, otherEnd);
        return VendorResult.Success;
    }

    /// <summary>How an end stands.</summary>
    internal static ulong GetStatus(VCpu vcpu, ulong end, out ChannelState state, out ulong size)
    {
        state = ChannelState.Free;
        size = 0;
        if (end >= ChannelTable.EndsPerVm)
        {
            return VendorResult.InvalidParameter;
        }

        s_lock.Enter();
        ref ChannelEnd mine = ref vcpu.Vm!.Channels.Ends[(int)end];
        state = mine.State;
        size = mine.Size;
        s_lock.Exit();
        return VendorResult.Success;
    }

    /// <summary>Bytes of memory that a VM has in channels: half of what it shares, all that a peer has left to it.</summary>
    internal static ulong GetBytes(Vm vm)
    {
        ulong bytes = 0;
        s_lock.Enter();
        for (int i = 0; i < ChannelTable.EndsPerVm; i++)
        {
            ref ChannelEnd end = ref vm.Channels.Ends[i];
            bytes += end.State switch
            {
                ChannelState.Connected => end.Size / 2,
                ChannelState.PeerGone => end.Size,
                _ => 0,
            };
        }

        s_lock.Exit();
        return bytes;
    }

    /// <summary>Gives up all ends of a VM, none of whose VCpus runs: its GIC may be reset or taken apart afterwards.</summary>
    internal static void LeaveAll(Vm vm)
    {
        for (int i = 0; i < ChannelTable.EndsPerVm; i++)
        {
            Leave(VCpu.Current, vm, i);
        }

        while (vm.Channels.IsBeingRung)
        {
            Native.Yield();
        }
    }

    private static bool Leave(VCpu caller, Vm vm, int end)
    {
        s_lock.Enter();
        bool isFree = s_table!.Leave(vm.Channels, end, out ChannelEnd left);
        if (left.Memory != 0)
        {
            vm.Memory.TryUnmapDevicePages(WindowOf(end), left.Size);
        }

        if (isFree)
        {
            Hypervisor.Pages.Free(left.Memory, left.Size);
        }

        VmChannels? its = left.State == ChannelState.Connected ? Of(left.Other!) : null;
        its?.BeginRing();
        s_lock.Exit();
        if (its != null)
        {
            Raise(caller, its, left.OtherEnd);
        }

        return left.State != ChannelState.Free;
    }

    /// <summary>Takes memory and maps it for both, or does nothing.</summary>
    private static bool TryShare(Vm one, int end, Vm other, int otherEnd, ulong size, out ulong memory)
    {
        if (!Hypervisor.Pages.TryAllocateZeroed(size, PageTable.PageSize, out memory))
        {
            return false;
        }

        Native.CleanToCoherency(memory, size); // one of them may have its caches off
        if (one.Memory.TryMapDevicePages(WindowOf(end), memory, size, Stage2Attributes.Data)
            && other.Memory.TryMapDevicePages(WindowOf(otherEnd), memory, size, Stage2Attributes.Data))
        {
            return true;
        }

        one.Memory.TryUnmapDevicePages(WindowOf(end), size);
        other.Memory.TryUnmapDevicePages(WindowOf(otherEnd), size);
        Hypervisor.Pages.Free(memory, size);
        return false;
    }

    private static void Raise(VCpu caller, VmChannels its, int end)
    {
        its.Vm.Gic.Signal(its.Vm == caller.Vm ? caller.Index : VirtualGic.Nobody, InterruptOf(end));
        its.EndRing();
    }

    /// <summary>Where a VM sees the memory of one of its ends.</summary>
    internal static ulong WindowOf(int end) => GuestMemoryMap.Channels + ((ulong)end * GuestMemoryMap.ChannelStride);

    /// <summary>INTID of the doorbell of one of a VM's ends.</summary>
    internal static uint InterruptOf(int end) => GuestMemoryMap.ChannelFirstInterrupt + (uint)end;

    // Every port is one: a checked cast is not for a hot path.
    private static VmChannels Of(ChannelPort port) => Unsafe.As<VmChannels>(port);
}

using System.Threading;
using SharpVisor.Machine;

namespace SharpVisor.Cpu;

/// <summary>A VM's ends of channels.</summary>
internal sealed class VmChannels : ChannelPort
{
    private int _ringers;

    internal VmChannels(Vm vm)
        : base(new ChannelName(vm.Name)) => Vm = vm;

    /// <summary>The VM.</summary>
    internal Vm Vm { get; }

    /// <summary>CPUs that are about to raise an interrupt here: the VM's GIC is still needed.</summary>
    internal bool IsBeingRung => Volatile.Read(ref _ringers) != 0;

    /// <summary>Begins to raise an interrupt. Under the lock of <see cref="Channels"/>.</summary>
    internal void BeginRing() => Interlocked.Increment(ref _ringers);

    /// <summary>The interrupt has been raised.</summary>
    internal void EndRing() => Interlocked.Decrement(ref _ringers);
}

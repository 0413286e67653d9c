using System.Runtime.CompilerServices;
using SharpVisor.Devices.Virtio;
using SharpVisor.Machine;

namespace SharpVisor.Cpu;

/// <summary>
/// Runs what a guest asks of a virtio device behind the gate that saves its SIMD registers, a bounded part at a time:
/// where more is left, the guest's instruction is done anew, so that interrupts are served and turns end in between.
/// </summary>
internal sealed unsafe class DeviceWork : WorkRunner
{
    private readonly Vm _vm;

    internal DeviceWork(Vm vm) => _vm = vm;

    /// <inheritdoc/>
    public override void Work(VirtioTransport transport) => Run(&DoWork, transport, 0, 0);

    /// <inheritdoc/>
    public override void Configure(VirtioTransport transport, uint offset, int size, uint value) =>
        Run(&DoConfigure, transport, offset | (ulong)size << 32, value);

    /// <inheritdoc/>
    public override void Settled(VirtioTransport transport, bool isDone)
    {
        if (isDone)
        {
            _vm.NoteLeft(); // perhaps a stop waits for the end of its requests
        }
        else
        {
            Hypervisor.AskForReview();
        }
    }

    private static void Run(delegate*<VCpu, ulong, ulong, ulong, VCpu> method, VirtioTransport transport, ulong access, ulong value)
    {
        VCpu vcpu = VCpu.Current;
        ulong outer = vcpu.SimdState; // the access itself may be made behind the gate
        Simd.CallPreserving(method, vcpu, (ulong)Unsafe.As<VirtioTransport, nint>(ref transport), access, value);
        vcpu.SimdState = outer;
    }

    private static VCpu DoWork(VCpu vcpu, ulong transport, ulong unused1, ulong unused2)
    {
        vcpu.MustRepeat = !At(transport).Work(vcpu.Index);
        return vcpu;
    }

    private static VCpu DoConfigure(VCpu vcpu, ulong transport, ulong access, ulong value)
    {
        vcpu.MustRepeat = !At(transport).Configure(vcpu.Index, (uint)access, (int)(access >> 32), (uint)value);
        return vcpu;
    }

    private static VirtioTransport At(ulong transport) => Unsafe.As<nint, VirtioTransport>(ref *(nint*)&transport);
}

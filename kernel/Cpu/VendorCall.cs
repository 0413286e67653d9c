using System;
using System.Runtime.CompilerServices;
using SharpVisor.Arch;
using SharpVisor.Debug;
using SharpVisor.Machine;
using SharpVisor.Machine.Life;

namespace SharpVisor.Cpu;

/// <summary>The hypervisor's own hypercalls (<see cref="VendorFunctions"/>), carried out for a guest.</summary>
internal static class VendorCall
{
    /// <summary>
    /// What can be answered at once, on the fast way of a hypercall: the VCpu goes on and only X0 to X3 change. Free of SIMD.
    /// </summary>
    /// <returns>1 where it was answered; 0 where it is no such call, and nothing was changed.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static ulong TryFast(VCpu vcpu)
    {
        switch ((uint)vcpu.X0)
        {
            case VendorFunctions.Mark:
                vcpu.Vm!.Marks.Add(SystemRegisters.ReadCntpctEl0(), vcpu.Index, (uint)vcpu.X1, vcpu.X2);
                if (vcpu.Cpu.IsTraced)
                {
                    EventTrace.Write(vcpu.Cpu, TraceKind.Mark, vcpu, vcpu.X2, (uint)vcpu.X1);
                }

                vcpu.X0 = VendorResult.Success;
                return 1;

            case VendorFunctions.Features:
                vcpu.X0 = VendorFunctions.FeaturesOf((uint)vcpu.X1);
                return 1;

            case VendorFunctions.Identity:
                Vm vm = vcpu.Vm!;
                vcpu.X0 = VendorResult.Success;
                vcpu.X1 = (uint)vm.Id;
                vcpu.X2 = (uint)vcpu.Index | ((ulong)vm.VCpus.Length << 32);
                vcpu.X3 = vm.Memory.Maximum;
                return 1;

            default:
                return 0;
        }
    }

    /// <summary>A doorbell, after which another VCpu may have to run here. Free of SIMD, as the guest's is not saved.</summary>
    internal static VCpu Ring(VCpu vcpu)
    {
        PhysicalCpu cpu = vcpu.Cpu;
        cpu.LooksAnyway = true;
        vcpu.X0 = Channels.Ring(vcpu, vcpu.X1);
        cpu.LooksAnyway = false;
        return cpu.MustPick ? CpuLoop.Reschedule(cpu) : vcpu;
    }

    /// <summary>The rest.</summary>
    internal static VCpu Handle(VCpu vcpu, uint function)
    {
        switch (function)
        {
            case VendorFunctions.UniqueId:
                vcpu.X0 = VendorFunctions.UniqueId0;
                vcpu.X1 = VendorFunctions.UniqueId1;
                vcpu.X2 = VendorFunctions.UniqueId2;
                vcpu.X3 = VendorFunctions.UniqueId3;
                return vcpu;

            case VendorFunctions.Revision:
                vcpu.X0 = VendorFunctions.Major;
                vcpu.X1 = VendorFunctions.Minor;
                return vcpu;

            case VendorFunctions.ConsoleWrite:
                vcpu.X0 = Write(vcpu);
                return vcpu;

            case VendorFunctions.Name:
                vcpu.X0 = GetName(vcpu);
                return vcpu;

            case VendorFunctions.Power:
                return ChangePower(vcpu);

            case VendorFunctions.Connect:
                vcpu.X0 = Channels.Connect(vcpu, new ChannelName(vcpu.X2, vcpu.X3, vcpu.X4, vcpu.X5), vcpu.X1, out int end);
                if (vcpu.X0 is VendorResult.Success or VendorResult.Waiting)
                {
                    vcpu.X1 = (ulong)end;
                    Describe(vcpu, end);
                }

                return vcpu;

            case VendorFunctions.Disconnect:
                vcpu.X0 = Channels.Disconnect(vcpu, vcpu.X1);
                return vcpu;

            case VendorFunctions.ChannelStatus:
                GetStatus(vcpu);
                return vcpu;

            default:
                // Asking is how a guest finds out what there is (TRNG, ...): not worth a line.
                vcpu.X0 = VendorResult.NotSupported;
                return vcpu;
        }
    }

    private static ulong Write(VCpu vcpu)
    {
        ulong length = vcpu.X1;
        if (length > VendorFunctions.LongestWrite)
        {
            return VendorResult.InvalidParameter;
        }

        for (uint i = 0; i < length; i++)
        {
            vcpu.Vm!.Console.Transmit((byte)(vcpu.ReadRegister(2 + (i / 8)) >> (int)(i % 8 * 8)));
        }

        return VendorResult.Success;
    }

    private static ulong GetName(VCpu vcpu)
    {
        ReadOnlySpan<byte> name = vcpu.Vm!.Name;
        if (vcpu.X1 > (ulong)name.Length)
        {
            return VendorResult.InvalidParameter;
        }

        int start = (int)vcpu.X1;
        vcpu.X1 = ChannelName.Part(name, start);
        vcpu.X2 = ChannelName.Part(name, start + 8);
        vcpu.X3 = ChannelName.Part(name, start + 16);
        return (ulong)name.Length;
    }

    private static VCpu ChangePower(VCpu vcpu)
    {
        switch (vcpu.X1)
        {
            case VendorFunctions.PowerOff:
                return Hypercall.Stop(vcpu, VmStop.PowerOff);

            case VendorFunctions.PowerReset:
                return Hypercall.Stop(vcpu, VmStop.Reset);

            case VendorFunctions.PowerCrash:
                GuestLog.Begin(vcpu).Text("says that it cannot go on (code "u8).Hex(vcpu.X2).Text(")"u8).End();
                return Hypercall.Stop(vcpu, VmStop.Crash);

            default:
                vcpu.X0 = VendorResult.InvalidParameter;
                return vcpu;
        }
    }

    private static void GetStatus(VCpu vcpu)
    {
        ulong end = vcpu.X1;
        vcpu.X0 = Channels.GetStatus(vcpu, end, out ChannelState state, out ulong size);
        if (vcpu.X0 == VendorResult.Success)
        {
            vcpu.X1 = (ulong)state | (size << 32);
            Describe(vcpu, (int)end);
        }
    }

    private static void Describe(VCpu vcpu, int end)
    {
        vcpu.X2 = Channels.WindowOf(end);
        vcpu.X3 = Channels.InterruptOf(end);
    }
}

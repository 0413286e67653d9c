using System;
using System.Runtime;
using System.Runtime.CompilerServices;
using Internal.Runtime;
using Internal.Runtime.CompilerHelpers;
using SharpVisor.Arch;
using SharpVisor.Cpu;
using SharpVisor.Debug;
using SharpVisor.Drivers;

namespace SharpVisor.Machine;

/// <summary>From boot/entry.S to C#: one method a way in.</summary>
internal static unsafe class Start
{
    // boot/layout.inc. Offsets of GuestContext count from the object, whose first word is its type.
    private const ulong HostStackOffset = 8;
    private const ulong X0Offset = 16;
    private const ulong PcOffset = 272;
    private const ulong EmergencyStackOffset = 288;
    private const ulong SimdStateOffset = 296;
    private const ulong DeviceExitsOffset = 312;
    private const ulong InterruptExitsOffset = 328;
    private const ulong TraceNameOffset = 360;
    private const ulong SystemOff = 0x8400_0008;

    // ilc wants an entry point; the image's is image_start.
    private static void Main()
    {
    }

    [RuntimeExport("hypervisor_main")]
    private static void Begin(ulong deviceTree, byte* module, ulong hasMonitor)
    {
        PrepareRuntime(module);
        SecureMonitor.IsThere = hasMonitor != 0;
        Hypervisor.Run(deviceTree);
    }

    [RuntimeExport("hypervisor_secondary_main")]
    private static void BeginSecondary(ulong index) => Hypervisor.RunSecondary((int)index);

    /// <summary>At EL1 there is nothing to virtualize with: says so on the UART of the device tree and stops.</summary>
    [RuntimeExport("hypervisor_without_el2")]
    private static void BeginWithoutEl2(ulong deviceTree, byte* module)
    {
        PrepareRuntime(module);
        if (PhysicalTree.TryRead(deviceTree, default, default, out PhysicalTree tree, out _) && ConsoleUart.TryProbe(tree.Reader, out Uart? uart, out _))
        {
            Log.SetSink(uart!);
        }

        // Not Log.Line: what its lock keeps account of is at EL2.
        Log.PanicLine().Text("sharpvisor: started at EL1, but a hypervisor needs EL2: use -M virt,virtualization=on"u8)
            .Text(" (QEMU) or firmware that starts at EL2"u8).EndPanic();
        Log.PanicLine().Text("sharpvisor: machine stopped, exit code 2"u8).EndPanic();
        Smc.HypervisorCall(SystemOff, 0, 0, 0);
        Native.Park();
    }

    private static void PrepareRuntime(byte* module)
    {
        Heap.Open(HeapStart(), HeapEnd() - HeapStart());
        StaticBases.Initialise(module);
    }

    /// <summary>Whether assembly and C# agree on the layout of what they share.</summary>
    internal static bool IsLayoutAsAssemblyThinks(VCpu vcpu)
    {
        ulong start = vcpu.Address;
        return Address(ref vcpu.HostStack) - start == HostStackOffset
            && Address(ref vcpu.X0) - start == X0Offset
            && Address(ref vcpu.X30) - start == X0Offset + (30 * sizeof(ulong))
            && Address(ref vcpu.Pc) - start == PcOffset
            && Address(ref vcpu.Pstate) - start == PcOffset + sizeof(ulong)
            && Address(ref vcpu.EmergencyStack) - start == EmergencyStackOffset
            && Address(ref vcpu.SimdState) - start == SimdStateOffset
            && Address(ref vcpu.DeviceExits) - start == DeviceExitsOffset
            && Address(ref vcpu.InterruptExits) - start == InterruptExitsOffset
            && Address(ref vcpu.TraceName) - start == TraceNameOffset;
    }

    private static ulong Address(ref ulong field) => (ulong)Unsafe.AsPointer(ref field);

    [RuntimeImport("*", "heap_start_address")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern ulong HeapStart();

    [RuntimeImport("*", "heap_end_address")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern ulong HeapEnd();
}

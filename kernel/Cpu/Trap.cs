using System.Runtime;
using System.Runtime.CompilerServices;
using SharpVisor.Arch;
using SharpVisor.Debug;
using SharpVisor.Devices;
using SharpVisor.Drivers;
using SharpVisor.Machine;

namespace SharpVisor.Cpu;

/// <summary>
/// Where the vectors of boot/vectors.S arrive. Each method answers with the VCpu to run next.
/// </summary>
/// <remarks>
/// Everything here runs with the guest's SIMD registers live, so it and what it calls is free of them (the build
/// checks it); what is rare goes through <see cref="Rarely"/>, which saves them first.
/// </remarks>
internal static unsafe class Trap
{
    // ESR_EL2.EC (Arm ARM D19.2.40).
    private const ulong ClassWfx = 0x01;
    private const ulong ClassHvc64 = 0x16;
    private const ulong ClassSystemRegister = 0x18;

    // ISS of a data abort.
    private const ulong SyndromeValid = 1 << 24;
    private const ulong FaultOnStage1Walk = 1 << 7;
    private const ulong FaultTypeMask = 0x3c;
    private const ulong TranslationFault = 0x04;
    private const ulong WriteNotRead = 1 << 6;
    private const ulong SignExtend = 1 << 21;
    private const ulong SixtyFour = 1 << 15;

    /// <summary>boot/vectors.S: the register's number stands below.</summary>
    private const ulong DeviceRead = 32;

    /// <summary>boot/vectors.S: another VCpu may have to run.</summary>
    private const ulong OthersFirst = 16;

    /// <summary>ISS of MSR ICC_SGI1R_EL1, without the source register: op0 3, op2 5, op1 0, CRn 12, CRm 11, write.</summary>
    private const ulong WriteSgi1 = 0x003a_3016;
    private const ulong RegisterIssMask = 0x003f_fc1f;

    /// <summary>A hypercall whose answer is a constant, or nearly so. 0: not one of those, nothing was changed.</summary>
    [RuntimeExport("trap_fast_hypercall")]
    private static ulong FastHypercall(VCpu vcpu)
    {
        vcpu.HypercallExits++;
        if (!PsciFunctions.TryFast(vcpu.X0, vcpu.X1, out ulong result))
        {
            return (uint)vcpu.X0 == VendorFunctions.Yield ? 0 : VendorCall.TryFast(vcpu);
        }

        vcpu.X0 = result;
        return 1;
    }

    /// <summary>
    /// A device access that the syndrome describes, to a region that the bus finds at once. 0: not one of those, nothing
    /// was changed; or a write that has to be done anew. <see cref="DeviceRead"/> and a register's number: what was read
    /// stands in the context for that register; the caller loads it where it is callee-saved. <see cref="OthersFirst"/>:
    /// written, and <see cref="Reschedule"/> follows. Else 1.
    /// </summary>
    [RuntimeExport("trap_fast_device_access")]
    private static ulong FastDeviceAccess(VCpu vcpu, ulong syndrome, ulong address, ulong faultIpa)
    {
        if ((syndrome & (SyndromeValid | FaultOnStage1Walk | FaultTypeMask | SignExtend)) != (SyndromeValid | TranslationFault))
        {
            return 0;
        }

        int size = 1 << (int)((syndrome >> 22) & 3);
        if (!vcpu.Bus!.TryFindAtOnce((faultIpa << 8) | (address & 0xfff), size, out MmioDevice? device, out uint offset))
        {
            return 0;
        }

        vcpu.QuietLooks = 0;
        uint register = (uint)(syndrome >> 16) & 31;
        if ((syndrome & WriteNotRead) == 0)
        {
            ulong value = device!.Read(vcpu.Index, offset, size);
            vcpu.WriteRegister(register, value);
            return DeviceRead | register;
        }

        if (register - 19 <= 29 - 19)
        {
            return 0; // its value is still in the CPU
        }

        vcpu.Cpu.LooksAnyway = true;
        device!.Write(vcpu.Index, offset, size, vcpu.ReadRegister(register));
        return AfterWrite(vcpu);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong AfterWrite(VCpu vcpu)
    {
        PhysicalCpu cpu = vcpu.Cpu;
        cpu.LooksAnyway = false;
        if (vcpu.MustRepeat)
        {
            vcpu.MustRepeat = false;
            return 0; // once more at once, the slow way
        }

        return cpu.MustPick ? OthersFirst : 1;
    }

    /// <summary>A device access was carried out, and another VCpu may have to run before this one.</summary>
    [RuntimeExport("trap_reschedule")]
    private static VCpu Reschedule(VCpu vcpu)
    {
        vcpu.DeviceExits++;
        vcpu.SkipInstruction();
        return CpuLoop.Reschedule(vcpu.Cpu);
    }

    /// <summary>A guest's data access that stage 2 refused.</summary>
    [RuntimeExport("trap_data_abort")]
    private static VCpu DataAbort(VCpu vcpu, ulong syndrome, ulong address, ulong faultIpa)
    {
        if ((syndrome & (SyndromeValid | FaultOnStage1Walk | FaultTypeMask)) != (SyndromeValid | TranslationFault))
        {
            vcpu.MemoryExits++;
            return Rarely(&AbortTrap.HandleData, vcpu, syndrome, address, faultIpa);
        }

        ulong ipa = (faultIpa >> 4 << 12) | (address & 0xfff);
        int size = 1 << (int)((syndrome >> 22) & 3);
        if (!vcpu.Bus!.TryFind(ipa, size, out MmioDevice device, out uint offset))
        {
            vcpu.MemoryExits++;
            return Rarely(&AbortTrap.HandleData, vcpu, syndrome, address, faultIpa);
        }

        vcpu.DeviceExits++;
        uint register = (uint)(syndrome >> 16) & 31;
        if ((syndrome & WriteNotRead) != 0)
        {
            PhysicalCpu cpu = vcpu.Cpu;
            cpu.LooksAnyway = true;
            device.Write(vcpu.Index, offset, size, vcpu.ReadRegister(register));
            cpu.LooksAnyway = false;
            if (!vcpu.MustRepeat)
            {
                vcpu.SkipInstruction();
            }

            vcpu.MustRepeat = false;
            return cpu.MustPick ? CpuLoop.Reschedule(cpu) : vcpu;
        }

        ulong value = device.Read(vcpu.Index, offset, size);
        if ((syndrome & SignExtend) != 0)
        {
            value = Extend(value, size, (syndrome & SixtyFour) != 0);
        }

        vcpu.WriteRegister(register, value);
        vcpu.SkipInstruction();
        return vcpu;
    }

    /// <summary>Any other synchronous exception of a guest.</summary>
    [RuntimeExport("trap_exception")]
    private static VCpu Exception(VCpu vcpu, ulong syndrome)
    {
        ulong exceptionClass = syndrome >> 26 & 0x3f;
        if (exceptionClass == ClassSystemRegister && (syndrome & RegisterIssMask) == WriteSgi1 && vcpu.Vm!.Gic.Version == 3)
        {
            PhysicalCpu cpu = vcpu.Cpu;
            vcpu.RegisterExits++;
            vcpu.SkipInstruction();
            cpu.LooksAnyway = true;
            vcpu.Vm.Gic.SendSgi(vcpu.Index, vcpu.ReadRegister((uint)(syndrome >> 5) & 31));
            cpu.LooksAnyway = false;
            return cpu.MustPick ? CpuLoop.Reschedule(cpu) : vcpu;
        }

        if (exceptionClass == ClassHvc64)
        {
            if ((uint)vcpu.X0 == VendorFunctions.Yield)
            {
                vcpu.X0 = VendorResult.Success;
                return CpuLoop.Yield(vcpu);
            }

            if ((uint)vcpu.X0 == VendorFunctions.Ring)
            {
                return VendorCall.Ring(vcpu);
            }
        }

        if (exceptionClass == ClassWfx)
        {
            vcpu.WaitExits++;
            return WaitTrap.Handle(vcpu, syndrome);
        }

        return Rarely(&RareTrap.Handle, vcpu, syndrome, 0, 0);
    }

    /// <summary>A physical interrupt while a guest ran. One is handled; another one traps at once on return.</summary>
    [RuntimeExport("trap_interrupt")]
    private static VCpu Interrupt(VCpu vcpu)
    {
        PhysicalCpu cpu = vcpu.Cpu;
        uint acknowledged = cpu.Interrupts.Acknowledge();
        uint interrupt = InterruptController.IdOf(acknowledged);
        if (cpu.IsTraced)
        {
            EventTrace.Write(cpu, TraceKind.Interrupt, vcpu, vcpu.Pc, interrupt);
        }

        if (interrupt == InterruptNumbers.VirtualTimer)
        {
            // The guest's own end of interrupt deactivates the physical one.
            cpu.TimersOfGuests++;
            vcpu.Vm!.Gic.InjectHardware(vcpu.Index, InterruptNumbers.VirtualTimer);
            return vcpu;
        }

        if (interrupt < InterruptController.FirstSpecial)
        {
            cpu.LooksAnyway = true;
            PhysicalInterrupt.Take(cpu, acknowledged);
            cpu.LooksAnyway = false;
        }

        return cpu.MustPick ? CpuLoop.Reschedule(cpu) : vcpu;
    }

    /// <summary>An asynchronous error (SError): whatever broke did so on this guest's watch.</summary>
    [RuntimeExport("trap_system_error")]
    private static VCpu SystemError(VCpu vcpu, ulong syndrome) => Rarely(&RareTrap.HandleSystemError, vcpu, syndrome, 0, 0);

    /// <summary>Calls a method that may use SIMD registers and anything else that a hot path must not.</summary>
    internal static VCpu Rarely(delegate*<VCpu, ulong, ulong, ulong, VCpu> method, VCpu vcpu, ulong a, ulong b, ulong c) =>
        Simd.CallPreserving(method, vcpu, a, b, c);

    private static ulong Extend(ulong value, int size, bool sixtyFour)
    {
        int unused = 64 - (size * 8);
        ulong extended = (ulong)((long)(value << unused) >> unused);
        return sixtyFour ? extended : (uint)extended;
    }
}

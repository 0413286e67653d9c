using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SharpVisor.Cpu;

/// <summary>
/// The part of a VCpu that assembly reads and writes: boot/layout.inc has the same offsets. SP_EL2 points at
/// this object while its guest runs.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public abstract class GuestContext
{
    /// <summary>Stack pointer with which C# starts at an exit: top of the stack of the CPU that runs the VCpu.</summary>
    internal ulong HostStack;

    internal ulong X0;
    internal ulong X1;
    internal ulong X2;
    internal ulong X3;
    internal ulong X4;
    internal ulong X5;
    internal ulong X6;
    internal ulong X7;
    internal ulong X8;
    internal ulong X9;
    internal ulong X10;
    internal ulong X11;
    internal ulong X12;
    internal ulong X13;
    internal ulong X14;
    internal ulong X15;
    internal ulong X16;
    internal ulong X17;
    internal ulong X18;
    internal ulong X19;
    internal ulong X20;
    internal ulong X21;
    internal ulong X22;
    internal ulong X23;
    internal ulong X24;
    internal ulong X25;
    internal ulong X26;
    internal ulong X27;
    internal ulong X28;
    internal ulong X29;
    internal ulong X30;

    /// <summary>Register 31 of an instruction that means XZR: always 0.</summary>
    internal ulong Zero;

    /// <summary>ELR_EL2: where the guest goes on.</summary>
    internal ulong Pc;

    /// <summary>SPSR_EL2: the guest's PSTATE.</summary>
    internal ulong Pstate;

    /// <summary>Where the panic report runs.</summary>
    internal ulong EmergencyStack;

    /// <summary>
    /// FPCR, FPSR and V0–V31 (528 bytes) while <see cref="Simd.CallPreserving"/> runs a method for this VCpu; what
    /// is changed there is what the guest finds.
    /// </summary>
    internal ulong SimdState;

    // Exits by reason since the VCpu was made. boot/vectors.S counts interrupts, and accesses to devices that were done at once.
    internal ulong HypercallExits;
    internal ulong DeviceExits;
    internal ulong RegisterExits;
    internal ulong InterruptExits;
    internal ulong WaitExits;
    internal ulong MemoryExits;
    internal ulong OtherExits;

    /// <summary>VM and VCpu as records of events name them (<see cref="Debug.TraceKind"/>), with kind 0.</summary>
    internal ulong TraceName;

    /// <summary>Reads Xn; n from 0 to 31, where 31 is XZR.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ulong ReadRegister(uint n) => Unsafe.Add(ref X0, n & 31);

    /// <summary>Writes Xn; a write to 31 (XZR) is lost.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void WriteRegister(uint n, ulong value)
    {
        if (n < 31)
        {
            Unsafe.Add(ref X0, n) = value;
        }
    }
}

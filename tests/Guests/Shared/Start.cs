using System.Runtime;
using Internal.Runtime;
using Internal.Runtime.CompilerHelpers;

namespace SharpVisor.Guests;

/// <summary>From assembly to the guest's own program, which is a class <c>Guest</c> with Run, Interrupt, Exception and SecondaryMain.</summary>
internal static unsafe class Start
{
    // ilc wants an entry point; the image's is in assembly.
    private static void Main()
    {
    }

    [RuntimeExport("guest_main")]
    private static void Begin(ulong deviceTree, byte* module)
    {
        Heap.Open(Native.HeapStart(), Native.HeapEnd() - Native.HeapStart());
        StaticBases.Initialise(module);
        Guest.Run(deviceTree);
        Firmware.PowerOff();
    }

    [RuntimeExport("guest_secondary_main")]
    private static void BeginSecondary(ulong number) => Guest.SecondaryMain(number);

    [RuntimeExport("guest_interrupt")]
    private static void Interrupt() => Guest.Interrupt();

    [RuntimeExport("guest_exception")]
    private static ulong Exception(ulong syndrome, ulong address, ulong pc) => Guest.Exception(syndrome, address, pc);

    [RuntimeExport("runtime_failure")]
    private static void Failed(int reason)
    {
        Console.Write("guest: runtime failure "u8);
        Console.WriteDecimal((ulong)reason);
        Console.WriteLine(""u8);
        Firmware.PowerOff();
    }
}

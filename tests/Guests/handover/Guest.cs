using System.Runtime;
using System.Runtime.CompilerServices;

namespace SharpVisor.Guests;

/// <summary>
/// Hands its CPU over to another VM of its kind again and again, with values in all SIMD registers, and so does that one.
/// The one whose command line says <c>measure</c> counts: <c>BENCH vm-switch n</c>, instructions for one switch from guest
/// to guest under <c>-icount shift=0</c>. One that finds other values in its SIMD registers than it left says so.
/// </summary>
internal static unsafe class Guest
{
    private const ulong Rounds = 16_384;
    private const ulong WarmUp = 256;
    private const ulong InstructionsPerTick = 16;
    private const ulong SwitchesPerRound = 2;
    private const int DeviceTreeBytes = 4096;

    internal static void Run(ulong deviceTree)
    {
        bool measures = Says(deviceTree);
        ulong pattern = measures ? 0x5a5a_0000_1234_0000ul : 0x0f0f_8888_4321_0000ul;
        FillSimd(pattern);
        LoopYield(WarmUp);
        while (true)
        {
            ulong start = Native.ReadCntvctEl0();
            LoopYield(Rounds);
            ulong ticks = Native.ReadCntvctEl0() - start;
            if (CheckSimd(pattern) == 0)
            {
                Console.WriteLine("BENCH failed: SIMD registers have changed"u8);
                return;
            }

            if (measures)
            {
                Console.Write("BENCH vm-switch "u8);
                Console.WriteDecimal(ticks * InstructionsPerTick / (Rounds * SwitchesPerRound));
                Console.WriteLine(""u8);
                Console.WriteLine("BENCH end"u8);
                return;
            }
        }
    }

    internal static void SecondaryMain(ulong number)
    {
    }

    internal static void Interrupt()
    {
    }

    internal static ulong Exception(ulong syndrome, ulong address, ulong pc)
    {
        Console.Write("BENCH failed ESR "u8);
        Console.WriteHex(syndrome);
        Console.WriteLine(""u8);
        Firmware.PowerOff();
        return pc;
    }

    /// <summary>Whether the device tree holds the word that the one that measures has on its command line.</summary>
    private static bool Says(ulong deviceTree)
    {
        byte* text = (byte*)deviceTree;
        for (int i = 0; i < DeviceTreeBytes; i++)
        {
            if (text[i] == 'm' && text[i + 1] == 'e' && text[i + 2] == 'a' && text[i + 3] == 's' && text[i + 4] == 'u')
            {
                return true;
            }
        }

        return false;
    }

    [RuntimeImport("*", "loop_yield")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void LoopYield(ulong rounds);

    [RuntimeImport("*", "fill_simd")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void FillSimd(ulong pattern);

    [RuntimeImport("*", "check_simd")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern ulong CheckSimd(ulong pattern);
}

using System;

namespace SharpVisor.Guests;

/// <summary>
/// Loads and stores that a hypervisor has to decode by itself, on registers of the PL011. On the bare machine every
/// answer is the same, which is what makes the expected values right.
/// </summary>
internal static class Guest
{
    // UARTPCellID0 to 3: 0x0d, 0xf0, 0x05, 0xb1.
    private const ulong Identity = 0x0900_0ff0;

    // UARTIBRD (16 bits) and UARTFBRD (6 bits); nothing is printed while they are strange.
    private const ulong Divisors = 0x0900_0024;

    private static int s_right;
    private static int s_wrong;
    private static ulong s_exceptions;

    internal static void Run(ulong deviceTree)
    {
        Check("load pair"u8, Accesses.LoadPair(Identity), 0xf0_0000_000d);
        Check("load pair, signed"u8, Accesses.LoadPairSigned(Identity), 0xfd);
        Check("load pair, post-index"u8, Accesses.LoadPairPostIndex(Identity), 0x10_0000_00fd);
        Check("load pair, pre-index"u8, Accesses.LoadPairPreIndex(Identity), 0x8_0000_00b6);
        Check("load, post-index"u8, Accesses.LoadPostIndex(Identity + 4), 0xffff_fffc_0000_00f0);
        Check("load signed byte, pre-index"u8, Accesses.LoadSignedBytePreIndex(Identity), 0xffff_ffff_ffff_fff0);
        Check("load at the stack pointer plus register"u8, Accesses.LoadRegisterOffsetOfStack(Identity), 0xb1);
        Check("load at the stack pointer, post-index"u8, Accesses.LoadStackPostIndex(Identity), 0x10_0000_000d);
        Check("load vector word"u8, Accesses.LoadVectorWord(Identity), 0x0d);
        Check("load vector pair"u8, Accesses.LoadVectorPair(Identity + 8), 0xb1_0000_0005);
        Check("load vector, post-index"u8, Accesses.LoadVectorPostIndex(Identity), 0x8_0000_000d);
        Check("load-acquire"u8, Accesses.LoadAcquire(Identity + 12), 0xb1);
        Check("load to the zero register"u8, Accesses.LoadToZero(Identity), 0xf0);
        Check("prefetch"u8, Accesses.Prefetch(Identity), 0);

        CheckStore("store pair"u8, Accesses.StorePair(Divisors, 0x21_0000_1234), 0, 0x21_0000_1234);
        CheckStore("store pair, post-index"u8, Accesses.StorePairPostIndex(Divisors, 0x15_0000_0011), 0xffff_ffff_ffff_fff8, 0x15_0000_0011);
        CheckStore("store pair of zeros"u8, Accesses.StoreZeroPair(Divisors, 0), 0, 0);
        CheckStore("store vector pair"u8, Accesses.StoreVectorPair(Divisors, 0x3f_0000_ffff), 0, 0x3f_0000_ffff);
        CheckStore("store-release"u8, Accesses.StoreRelease(Divisors, 0x77), 0, 0x3f_0000_0077);

        Console.Write("accesses: "u8);
        Console.WriteDecimal((ulong)s_right);
        Console.Write(" right, "u8);
        Console.WriteDecimal((ulong)s_wrong);
        Console.Write(" wrong, "u8);
        Console.WriteDecimal(s_exceptions);
        Console.WriteLine(" exceptions"u8);
    }

    internal static void SecondaryMain(ulong number)
    {
    }

    internal static void Interrupt()
    {
    }

    internal static ulong Exception(ulong syndrome, ulong address, ulong pc)
    {
        s_exceptions++;
        return pc + 4;
    }

    private static void CheckStore(ReadOnlySpan<byte> name, ulong result, ulong expected, ulong stored)
    {
        ulong found = Native.Read32(Divisors) | ((ulong)Native.Read32(Divisors + 4) << 32);
        Native.Write32(Divisors, 1);
        Native.Write32(Divisors + 4, 0x3f);
        Check(name, result, expected);
        Check(name, found, stored);
    }

    private static void Check(ReadOnlySpan<byte> name, ulong found, ulong expected)
    {
        if (found == expected)
        {
            s_right++;
            return;
        }

        s_wrong++;
        Console.Write("accesses: "u8);
        Console.Write(name);
        Console.Write(": "u8);
        Console.WriteHex(found);
        Console.Write(" instead of "u8);
        Console.WriteHex(expected);
        Console.WriteLine(""u8);
    }
}

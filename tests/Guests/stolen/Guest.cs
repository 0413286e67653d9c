namespace SharpVisor.Guests;

/// <summary>
/// Works without a pause until the counter reaches a time that all guests of its kind share, then says how much of that
/// time it was told that others took from it: <c>STOLEN a of b</c>, both in nanoseconds.
/// </summary>
internal static class Guest
{
    private const ulong EndSeconds = 1;
    private const ulong NanosecondsPerSecond = 1_000_000_000;

    internal static void Run(ulong deviceTree)
    {
        ulong frequency = Native.ReadCntfrqEl0();
        ulong begin = Native.ReadCntvctEl0();
        if (!StolenTime.TryFind(out ulong record))
        {
            Console.WriteLine("STOLEN unknown"u8);
            return;
        }

        ulong last = 0;
        while (Native.ReadCntvctEl0() < EndSeconds * frequency)
        {
            ulong now = StolenTime.Read(record);
            if (now < last)
            {
                Console.WriteLine("STOLEN went back"u8);
            }

            last = now;
        }

        ulong end = Native.ReadCntvctEl0();
        Console.Write("STOLEN "u8);
        Console.WriteDecimal(StolenTime.Read(record));
        Console.Write(" of "u8);
        Console.WriteDecimal((end - begin) * (NanosecondsPerSecond / 1000) / (frequency / 1000));
        Console.WriteLine(""u8);
        Native.Write64(record, 1); // refused: it is to be read only
    }

    internal static void SecondaryMain(ulong number)
    {
    }

    internal static void Interrupt()
    {
    }

    internal static ulong Exception(ulong syndrome, ulong address, ulong pc)
    {
        Console.Write("STOLEN abort at "u8);
        Console.WriteHex(address);
        Console.WriteLine(""u8);
        return pc + 4;
    }
}

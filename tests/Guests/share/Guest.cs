namespace SharpVisor.Guests;

/// <summary>
/// Works without a pause until the counter reaches a time that all guests of its kind share, then says how much it got
/// done: <c>SHARE n</c>. Beside others of its kind that is its share of the CPU. The command line may say when:
/// <c>ms=3000</c>.
/// </summary>
internal static class Guest
{
    private const ulong EndMilliseconds = 3000;

    internal static void Run(ulong deviceTree)
    {
        ulong end = Native.ReadCntfrqEl0() / 1000 * CommandLine.Number(CommandLine.Read(deviceTree), "ms="u8, EndMilliseconds);
        ulong rounds = 0;
        do
        {
            rounds++;
        }
        while (Native.ReadCntvctEl0() < end);

        Console.Write("SHARE "u8);
        Console.WriteDecimal(rounds);
        Console.WriteLine(""u8);
    }

    internal static void SecondaryMain(ulong number)
    {
    }

    internal static void Interrupt()
    {
    }

    internal static ulong Exception(ulong syndrome, ulong address, ulong pc)
    {
        Console.WriteLine("SHARE failed"u8);
        Firmware.PowerOff();
        return pc;
    }
}

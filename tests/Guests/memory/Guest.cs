namespace SharpVisor.Guests;

/// <summary>
/// Does to its memory what is typed: <c>z</c> looks whether all of it that it has not written holds zeros, <c>f</c> fills
/// it, <c>c</c> looks whether that is still there, <c>q</c> powers off. It leaves the first 4 MiB alone, where it lies itself, and
/// the last 64 KiB, where its device tree is.
/// </summary>
internal static unsafe class Guest
{
    private const ulong First = RamStart + (4 << 20);
    private const ulong Last = 0x1_0000;
    private const ulong RamStart = 0x4000_0000;
    private const ulong PageSize = 0x1000;

    internal static void Run(ulong deviceTree)
    {
        ulong end = RamStart + Hypervisor.Identity.Memory - Last;
        Console.WriteLine("MEMORY ready"u8);
        while (true)
        {
            if (!Console.TryRead(out byte key))
            {
                Native.Yield();
                continue;
            }

            switch (key)
            {
                case (byte)'z':
                    Tell("MEMORY not zero: "u8, "MEMORY zero"u8, Count(end, isFilled: false));
                    break;
                case (byte)'f':
                    Fill(end);
                    Console.WriteLine("MEMORY filled"u8);
                    break;
                case (byte)'c':
                    Tell("MEMORY changed: "u8, "MEMORY intact"u8, Count(end, isFilled: true));
                    break;
                case (byte)'q':
                    Firmware.PowerOff();
                    break;
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
        Console.WriteLine("MEMORY failed"u8);
        Firmware.PowerOff();
        return pc;
    }

    // Half of each page holds what other pages hold, so that pages differ and are alike in good part.
    private static ulong Expected(ulong address) => (address & (PageSize / 2)) != 0 ? 0x5a5a_5a5a : address;

    private static void Fill(ulong end)
    {
        for (ulong address = First; address < end; address += sizeof(ulong))
        {
            *(ulong*)address = Expected(address);
        }
    }

    private static ulong Count(ulong end, bool isFilled)
    {
        ulong wrong = 0;
        for (ulong address = First; address < end; address += sizeof(ulong))
        {
            wrong += *(ulong*)address != (isFilled ? Expected(address) : 0) ? 1ul : 0;
        }

        return wrong;
    }

    private static void Tell(System.ReadOnlySpan<byte> bad, System.ReadOnlySpan<byte> good, ulong wrong)
    {
        if (wrong == 0)
        {
            Console.WriteLine(good);
            return;
        }

        Console.Write(bad);
        Console.WriteDecimal(wrong);
        Console.WriteLine(""u8);
    }
}

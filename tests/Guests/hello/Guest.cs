namespace SharpVisor.Guests;

/// <summary>The guest that is there when nothing else is: greets, says where it runs, echoes what is typed.</summary>
internal static class Guest
{
    private const byte EndOfTransmission = 4;

    internal static void Run(ulong deviceTree)
    {
        Console.WriteLine("Hello from a C# guest at EL1."u8);
        Console.Write("  device tree at "u8);
        Console.WriteHex(deviceTree);
        Console.Write(", MIDR_EL1 "u8);
        Console.WriteHex(Native.ReadMidrEl1());
        Console.Write(", PSCI version "u8);
        Console.WriteHex(Native.Hypercall(Firmware.Version, 0, 0, 0));
        Console.WriteLine(""u8);
        Console.WriteLine("Type and it is echoed; q or Ctrl-D powers the virtual machine off."u8);

        // Interrupts stay masked: one that is pending ends the wait all the same.
        InterruptController.Initialise();
        InterruptController.InitialiseCpu(0);
        InterruptController.EnableShared(Console.Interrupt);
        Console.InterruptOnReceive();
        while (true)
        {
            if (!Console.TryRead(out byte typed))
            {
                Native.WaitForInterrupt();
                continue;
            }

            if (typed is (byte)'q' or EndOfTransmission)
            {
                Console.WriteLine("\r\nPowering off."u8);
                return;
            }

            Console.Write(typed);
            if (typed == '\r')
            {
                Console.Write((byte)'\n');
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
        Console.Write("hello: unexpected exception, ESR "u8);
        Console.WriteHex(syndrome);
        Console.WriteLine(""u8);
        Firmware.PowerOff();
        return pc;
    }
}

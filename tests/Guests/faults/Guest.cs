using System;
using System.Threading;

namespace SharpVisor.Guests;

/// <summary>
/// Does one thing that a guest should not do, or one that the hypervisor must bear: the case that the command line
/// names. Exceptions that come to it are printed (<c>exception: class 0x.. address 0x..</c>) and stepped over; a case
/// that survives ends with the line <c>survived</c> and powers off.
/// </summary>
internal static class Guest
{
    private const ulong Nowhere = 0xe000_0000;           // no RAM and no device of the guest machine
    private const ulong NoDevice = 0x0c00_0000;
    private const ulong Uart = 0x0900_0000;
    private const ulong UartPeripheralId = Uart + 0xfe0;
    private const ulong UnknownFunction = 0x8600_1234;
    private const uint InstructionAbortClass = 0x21;
    private const uint InstructionLength = 4;
    private const long AlreadyOn = -4;                   // PSCI ALREADY_ON
    private const int ManyLines = 200;
    private const int FloodRounds = 1000;

    private static int s_secondaryStarted;
    private static bool s_secondaryBreaks;

    internal static void Run(ulong deviceTree)
    {
        ReadOnlySpan<byte> name = CommandLine.Read(deviceTree);
        Console.Write("case "u8);
        Console.WriteLine(name);
        Play(name);
        Console.WriteLine("survived"u8);
    }

    internal static void SecondaryMain(ulong number)
    {
        Volatile.Write(ref s_secondaryStarted, 1);
        if (s_secondaryBreaks)
        {
            Faults.BreakVectors(Nowhere);
        }

        Native.Hypercall(Firmware.CpuOff, 0, 0, 0);
    }

    internal static void Interrupt()
    {
    }

    internal static ulong Exception(ulong syndrome, ulong address, ulong pc)
    {
        uint exceptionClass = (uint)(syndrome >> 26) & 0x3f;
        Console.Write("exception: class "u8);
        Console.WriteHex(exceptionClass);
        Console.Write(" address "u8);
        Console.WriteHex(address);
        Console.WriteLine(""u8);
        if (exceptionClass == InstructionAbortClass)
        {
            // There is nothing to go on with where it jumped to.
            Console.WriteLine("survived"u8);
            Firmware.PowerOff();
        }

        return pc + InstructionLength;
    }

    private static void Play(ReadOnlySpan<byte> name)
    {
        if (Is(name, "jump"u8))
        {
            Faults.JumpTo(Nowhere);
        }
        else if (Is(name, "read-no-device"u8))
        {
            Native.Read32(NoDevice);
        }
        else if (Is(name, "write-no-device"u8))
        {
            Native.Write32(NoDevice, 1);
        }
        else if (Is(name, "read-no-memory"u8))
        {
            Native.Read64(Nowhere);
        }
        else if (Is(name, "registers"u8))
        {
            Faults.ReadImplementationDefined();
            Faults.ReadHidden();
            Faults.ReadHiddenOrdering();
            Faults.ReadUnallocated();
        }
        else if (Is(name, "undefined"u8))
        {
            Faults.Undefined();
        }
        else if (Is(name, "stack"u8))
        {
            Faults.BreakStack(Nowhere);
        }
        else if (Is(name, "vectors"u8))
        {
            Faults.BreakVectors(Nowhere);
        }
        else if (Is(name, "secondary"u8))
        {
            s_secondaryBreaks = true;
            Firmware.StartCpu(1);
            Faults.Spin();
        }
        else if (Is(name, "spin"u8))
        {
            Console.WriteLine("spinning"u8);
            Faults.Spin();
        }
        else if (Is(name, "flood"u8))
        {
            Flood();
        }
        else if (Is(name, "liar"u8))
        {
            Console.Write("sharpvisor: machine stopped, exit code 0"u8);
            Faults.BreakVectors(Nowhere);
        }
        else if (Is(name, "calls"u8))
        {
            PlayCalls();
        }
        else if (Is(name, "accesses"u8))
        {
            PlayAccesses();
        }
        else if (Is(name, "cpu"u8))
        {
            PlayCpu();
        }
        else if (Is(name, "lines"u8))
        {
            PlayLines();
        }
        else
        {
            Console.WriteLine("no such case"u8);
        }
    }

    /// <summary>Faults without end: the hypervisor must not let the guest fill the console.</summary>
    private static void Flood()
    {
        for (int i = 0; i < FloodRounds; i++)
        {
            Native.Read32(NoDevice);
        }
    }

    /// <summary>Unknown functions by HVC and SMC answer NOT_SUPPORTED (-1); the version does not.</summary>
    private static void PlayCalls()
    {
        Print("unknown hvc"u8, Native.Hypercall(UnknownFunction, 0, 0, 0));
        Print("unknown smc"u8, Native.SecureCall(UnknownFunction, 0, 0, 0));
        Print("version"u8, Native.Hypercall(Firmware.Version, 0, 0, 0));
    }

    /// <summary>Accesses to a device that only their instruction describes: UARTPeriphID0 and 1 are 0x11 and 0x10.</summary>
    private static void PlayAccesses()
    {
        Print("pair"u8, Faults.ReadPair(UartPeripheralId));
        Print("post-indexed"u8, Faults.ReadPostIndexed(UartPeripheralId));
        Faults.WriteVectorRegister(Uart, '*');
        Console.WriteLine(" by a vector register"u8);
        Print("byte"u8, Native.Read8(UartPeripheralId));
        Print("half"u8, Native.Read16(UartPeripheralId + 4));
    }

    /// <summary>A CPU is started, ends itself, and is started again; one that is not there is refused.</summary>
    private static void PlayCpu()
    {
        for (int round = 0; round < 3; round++)
        {
            Volatile.Write(ref s_secondaryStarted, 0);
            long started;
            do
            {
                started = Firmware.StartCpu(1);
            }
            while (started == AlreadyOn);

            Print("start"u8, (ulong)started);
            while (Volatile.Read(ref s_secondaryStarted) == 0)
            {
                Native.Yield();
            }
        }

        Print("start of none"u8, (ulong)Firmware.StartCpu(77));
    }

    /// <summary>Much text: each line must arrive whole.</summary>
    private static void PlayLines()
    {
        for (int i = 0; i < ManyLines; i++)
        {
            Console.Write("line "u8);
            Console.WriteDecimal((ulong)i);
            Console.WriteLine(" of many, and all of it"u8);
        }
    }

    private static void Print(ReadOnlySpan<byte> what, ulong value)
    {
        Console.Write(what);
        Console.Write((byte)' ');
        Console.WriteHex(value);
        Console.WriteLine(""u8);
    }

    private static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> wanted) => name.SequenceEqual(wanted);
}

using System;
using System.Threading;

namespace SharpVisor.Guests;

/// <summary>
/// Counts instructions per operation under <c>-icount shift=0</c>, where a tick of the 62.5 MHz counter is 16
/// instructions, and prints a line <c>BENCH name instructions</c> for each.
/// </summary>
internal static class Guest
{
    private const ulong Rounds = 65_536;
    private const ulong FewRounds = 4_096;
    private const ulong InstructionsPerTick = 16;
    private const ulong UartFlags = 0x0900_0018;
    private const uint Spurious = 1023;
    private const uint Message = 1;
    private const uint Stamped = 2;
    private const uint Answer = 3;

    private static ulong s_sentAt;
    private static ulong s_underWay;
    private static int s_stampedTaken;
    private static int s_answersTaken;
    private static bool s_answers;
    private static int s_timerTaken;
    private static int s_messageTaken;
    private static int s_secondaryReady;

    internal static void Run(ulong deviceTree)
    {
        // The counter starts with the machine, so this is the way from reset to here.
        Report("reset-to-guest"u8, Native.ReadCntvctEl0() * InstructionsPerTick);

        InterruptController.Initialise();
        InterruptController.InitialiseCpu(0);

        ulong start = Native.ReadCntvctEl0();
        Native.LoopHypercall(Rounds);
        ReportLoop("hypercall"u8, start, Rounds);

        start = Native.ReadCntvctEl0();
        Native.LoopRead32(Rounds, UartFlags);
        ReportLoop("mmio-read-device"u8, start, Rounds);

        start = Native.ReadCntvctEl0();
        Native.LoopRead32(Rounds, InterruptController.TypeRegister);
        ReportLoop("mmio-read-gicd"u8, start, Rounds);

        start = Native.ReadCntvctEl0();
        for (ulong i = 0; i < Rounds; i++)
        {
            InterruptController.End(Spurious);
        }

        ReportLoop("eoi"u8, start, Rounds);
        MeasureTimer();
        if (Firmware.StartCpu(1) == 0)
        {
            MeasureMessage();
            MeasureWayOfMessage();
        }

        Console.WriteLine("BENCH end"u8);
    }

    internal static void SecondaryMain(ulong number)
    {
        InterruptController.InitialiseCpu(number);
        Volatile.Write(ref s_secondaryReady, 1);
        Native.EnableInterrupts();
        while (true)
        {
            Native.WaitForInterrupt();
        }
    }

    internal static void Interrupt()
    {
        uint value = InterruptController.Acknowledge();
        switch (value & 0x3ff)
        {
            case InterruptController.VirtualTimer:
                Native.WriteCntvCtlEl0(0);
                s_timerTaken++;
                break;
            case Message:
                Volatile.Write(ref s_messageTaken, s_messageTaken + 1);
                break;
            case Stamped:
                s_underWay += Native.ReadCntvctEl0() - s_sentAt;
                Volatile.Write(ref s_stampedTaken, s_stampedTaken + 1);
                if (s_answers)
                {
                    InterruptController.Send(Answer, 0);
                }

                break;
            case Answer:
                Volatile.Write(ref s_answersTaken, s_answersTaken + 1);
                break;
        }

        InterruptController.End(value);
    }

    internal static ulong Exception(ulong syndrome, ulong address, ulong pc)
    {
        Console.Write("BENCH failed ESR "u8);
        Console.WriteHex(syndrome);
        Console.Write(" PC "u8);
        Console.WriteHex(pc);
        Console.WriteLine(""u8);
        Firmware.PowerOff();
        return pc;
    }

    private static void MeasureTimer()
    {
        Native.WriteCntvCvalEl0(0);
        Native.EnableInterrupts();
        ulong start = Native.ReadCntvctEl0();
        for (int i = 0; i < (int)FewRounds; i++)
        {
            Native.WriteCntvCtlEl0(1);
            while (Volatile.Read(ref s_timerTaken) == i)
            {
            }
        }

        ReportLoop("timer"u8, start, FewRounds);
        Native.DisableInterrupts();
    }

    private static void MeasureMessage()
    {
        while (Volatile.Read(ref s_secondaryReady) == 0)
        {
            Native.Yield();
        }

        ulong start = Native.ReadCntvctEl0();
        for (int i = 0; i < (int)FewRounds; i++)
        {
            InterruptController.Send(Message, 1);
            while (Volatile.Read(ref s_messageTaken) == i)
            {
                Native.Yield();
            }
        }

        ReportLoop("ipi"u8, start, FewRounds);
    }

    /// <summary>
    /// The way of a message alone, from before it is sent to its handler: <c>ipi-to-handler</c> where the sender goes on
    /// with its work, <c>ipi-to-handler-wfi</c> where it waits for the answer in WFI. For both CPUs being one.
    /// </summary>
    private static void MeasureWayOfMessage()
    {
        for (int i = 0; i < (int)FewRounds; i++)
        {
            s_sentAt = Native.ReadCntvctEl0();
            InterruptController.Send(Stamped, 1);
            while (Volatile.Read(ref s_stampedTaken) == i)
            {
                Native.Yield();
            }
        }

        Report("ipi-to-handler"u8, s_underWay * InstructionsPerTick / FewRounds);
        s_underWay = 0;
        s_answers = true;
        Native.DisableInterrupts();
        for (int i = 0; i < (int)FewRounds; i++)
        {
            s_sentAt = Native.ReadCntvctEl0();
            InterruptController.Send(Stamped, 1);
            while (Volatile.Read(ref s_answersTaken) == i)
            {
                Native.WaitForInterrupt();
                Native.EnableInterrupts();
                Native.DisableInterrupts();
            }
        }

        Report("ipi-to-handler-wfi"u8, s_underWay * InstructionsPerTick / FewRounds);
    }

    private static void ReportLoop(ReadOnlySpan<byte> name, ulong start, ulong rounds) =>
        Report(name, (Native.ReadCntvctEl0() - start) * InstructionsPerTick / rounds);

    private static void Report(ReadOnlySpan<byte> name, ulong instructions)
    {
        Console.Write("BENCH "u8);
        Console.Write(name);
        Console.Write((byte)' ');
        Console.WriteDecimal(instructions);
        Console.WriteLine(""u8);
    }
}

namespace SharpVisor.Guests;

/// <summary>Interrupts without end: SGIs, timers, the UART's, shared ones by their pending bits; sleeps that end at once.</summary>
internal static class InterruptAttack
{
    private const ulong Distributor = 0x0800_0000;
    private const ulong UartMask = 0x0900_0038;
    private const ulong CpuSuspend = 0xc400_0001;
    private const uint TransmitInterrupt = 1 << 5;
    private const uint FirstSpecial = 1020;
    private const uint SharedInterrupts = 32;

    /// <summary>Raises a number of them.</summary>
    internal static void Run(Attacker attacker, uint count, ulong self)
    {
        InterruptController.Initialise();
        InterruptController.InitialiseCpu(self);
        Native.Write32(UartMask, TransmitInterrupt);
        for (uint i = 0; i < count; i++)
        {
            uint which = attacker.Random.Below(8);
            switch (which)
            {
                case 0:
                case 1:
                    InterruptController.Send(attacker.Random.Below(16), (int)attacker.Random.Below(4));
                    break;

                case 2:
                    Native.WriteCntvTvalEl0(attacker.Random.Below(64));
                    Native.WriteCntvCtlEl0(1);
                    break;

                case 3:
                    Native.WriteCntpCvalEl0(Native.ReadCntvctEl0() + attacker.Random.Below(64));
                    Native.WriteCntpCtlEl0(1);
                    break;

                case 4:
                    InterruptController.EnableShared(32 + attacker.Random.Below(255));
                    break;

                case 5:
                    Native.Write32(Distributor + 0x200 + (4 * attacker.Random.Below(9)), (uint)attacker.Random.Next());
                    break;

                case 6: // it is pending before it sleeps, or soon
                    Native.WriteCntvTvalEl0(100);
                    Native.WriteCntvCtlEl0(1);
                    if (CallAttack.IsRestless)
                    {
                        break;
                    }

                    if (attacker.Random.Below(2) == 0)
                    {
                        Native.WaitForInterrupt();
                    }
                    else
                    {
                        Native.Hypercall(CpuSuspend, attacker.Random.NextNasty(), attacker.Random.NextNasty(), 0);
                    }

                    break;

                default:
                    Native.Yield();
                    break;
            }

            if (attacker.Random.Below(4) == 0)
            {
                Native.EnableInterrupts();
                Native.InstructionBarrier();
                Native.DisableInterrupts();
            }
        }

        Native.WriteCntvCtlEl0(0);
        Native.WriteCntpCtlEl0(0);
    }

    /// <summary>Takes what is pending; a shared one is switched off, or it might be all that the VCpu ever does.</summary>
    internal static void Take(Attacker? attacker)
    {
        uint acknowledged = InterruptController.Acknowledge();
        uint interrupt = acknowledged & 0x3ff;
        if (interrupt >= FirstSpecial)
        {
            return;
        }

        if (attacker != null)
        {
            attacker.Interrupts++;
        }

        if (interrupt >= SharedInterrupts)
        {
            Native.Write32(Distributor + 0x180 + (interrupt / 32 * 4), 1u << (int)(interrupt % 32));
        }
        else if (interrupt >= 16)
        {
            Native.WriteCntvCtlEl0(0);
            Native.WriteCntpCtlEl0(0);
        }

        InterruptController.End(acknowledged);
    }
}

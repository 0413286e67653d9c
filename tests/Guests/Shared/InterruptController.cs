namespace SharpVisor.Guests;

/// <summary>The little of a GICv2 or GICv3 that test guests use: private interrupts, SGIs, SPIs for the first CPU.</summary>
internal static class InterruptController
{
    internal const uint VirtualTimer = 27;

    private const ulong Distributor = 0x0800_0000;
    private const ulong CpuInterface = 0x0801_0000;
    private const ulong Redistributors = 0x080a_0000;
    private const ulong RedistributorStride = 0x2_0000;
    private const ulong SgiFrame = 0x1_0000;
    private const uint ArchitectureVersionMask = 0xf0;

    private static bool s_isVersion3;

    /// <summary>Whether the machine has a GICv3 (GICD_PIDR2.ArchRev at the GICv3 place).</summary>
    internal static bool IsVersion3 => s_isVersion3;

    /// <summary>Address of GICD_TYPER.</summary>
    internal static ulong TypeRegister => Distributor + 4;

    /// <summary>Once, by the first CPU.</summary>
    internal static void Initialise()
    {
        // ID_AA64PFR0_EL1.GIC says whether the system registers are there; a GICv2 machine hides them.
        s_isVersion3 = (Native.ReadIdAa64pfr0El1() >> 24 & 15) != 0;
        Native.Write32(Distributor, s_isVersion3 ? 0x12u : 1u);
    }

    /// <summary>By each CPU: opens its interface and enables all of its SGIs and the virtual timer.</summary>
    internal static void InitialiseCpu(ulong number)
    {
        if (s_isVersion3)
        {
            ulong redistributor = Redistributors + (number * RedistributorStride);
            Native.Write32(redistributor + 0x14, 0);
            while ((Native.Read32(redistributor + 0x14) & 4) != 0)
            {
            }

            Native.Write32(redistributor + SgiFrame + 0x80, uint.MaxValue);
            Native.Write32(redistributor + SgiFrame + 0x100, 0xffff | (1u << (int)VirtualTimer));
            Native.WriteIccSreEl1(7);
            Native.InstructionBarrier();
            Native.WriteIccPmrEl1(0xff);
            Native.WriteIccIgrpen1El1(1);
            Native.InstructionBarrier();
        }
        else
        {
            Native.Write32(Distributor + 0x100, 0xffff | (1u << (int)VirtualTimer));
            Native.Write32(CpuInterface + 4, 0xff);
            Native.Write32(CpuInterface, 1);
        }
    }

    /// <summary>Enables an interrupt that is shared by the CPUs (32 and up), for the first one.</summary>
    internal static void EnableShared(uint interrupt)
    {
        ulong word = interrupt / 32 * 4;
        uint bit = 1u << (int)(interrupt % 32);
        if (s_isVersion3)
        {
            Native.Write32(Distributor + 0x80 + word, Native.Read32(Distributor + 0x80 + word) | bit);
            Native.Write64(Distributor + 0x6000 + (interrupt * 8), 0);
        }
        else
        {
            Native.Write8(Distributor + 0x800 + interrupt, 1);
        }

        Native.Write32(Distributor + 0x100 + word, bit);
    }

    /// <summary>Takes the highest pending interrupt: its number, with the source CPU above bit 10 for a GICv2 SGI.</summary>
    internal static uint Acknowledge() => s_isVersion3 ? (uint)Native.ReadIccIar1El1() : Native.Read32(CpuInterface + 0xc);

    /// <summary>Ends what <see cref="Acknowledge"/> returned.</summary>
    internal static void End(uint value)
    {
        if (s_isVersion3)
        {
            Native.WriteIccEoir1El1(value);
        }
        else
        {
            Native.Write32(CpuInterface + 0x10, value);
        }
    }

    /// <summary>Sends an SGI to one CPU (affinity level 0 below 16).</summary>
    internal static void Send(uint interrupt, int cpu)
    {
        if (s_isVersion3)
        {
            Native.WriteIccSgi1rEl1(((ulong)interrupt << 24) | (1ul << cpu));
            Native.InstructionBarrier();
        }
        else
        {
            Native.Write32(Distributor + 0xf00, (1u << (16 + cpu)) | interrupt);
        }
    }
}

namespace SharpVisor.Guests;

/// <summary>Hypercalls by HVC and SMC: those there are and those there are not, with arguments at random.</summary>
internal static class CallAttack
{
    private const uint CpuOff = 0x8400_0002;
    private const uint CpuSuspend = 0x0400_0001;
    private const uint CpuOn = 0x0400_0003;
    private const uint WidthBits = 0xc000_0000;

    private static readonly uint[] s_functions =
    [
        0x8000_0000, 0x8000_0001, 0x8000_0002, 0x8000_8000, 0x8000_7fff, 0x8000_3fff,
        0x8400_0000, 0x8400_0004, 0xc400_0004, 0x8400_0005, 0x8400_0006, 0x8400_0007, 0x8400_000a, 0x8400_000e, 0xc400_000e, 0x8400_0010,
        0x8400_0050, 0x8400_0053, 0xc400_0053, 0xc500_0020, 0xc500_0021, 0xc500_0022,
        Hypervisor.UniqueId, Hypervisor.Revision, Hypervisor.Features, Hypervisor.ConsoleWrite, Hypervisor.IdentityCall, Hypervisor.NameCall,
        Hypervisor.YieldCall, Hypervisor.MarkCall, Channel.ConnectCall, Channel.DisconnectCall, Channel.RingCall, Channel.StatusCall,
    ];

    /// <summary>Whether it never gives its turn away of its own will, so that its share can be measured.</summary>
    internal static bool IsRestless { get; set; }

    /// <summary>Makes a number of calls.</summary>
    internal static void Run(Attacker attacker, uint count)
    {
        for (uint i = 0; i < count; i++)
        {
            CallRegisters call = default;
            call.X0 = NextFunction(attacker);
            call.X1 = attacker.Random.NextNasty();
            call.X2 = attacker.Random.NextNasty();
            call.X3 = attacker.Random.NextNasty();
            call.X4 = attacker.Random.NextNasty();
            call.X5 = attacker.Random.NextNasty();
            call.X6 = attacker.Random.NextNasty();
            ShapeChannel(attacker, ref call);
            attacker.Calls++;
            if (attacker.Random.Below(8) == 0)
            {
                Native.SecureCall(ref call);
            }
            else
            {
                Native.Call(ref call);
            }
        }
    }

    /// <summary>CPU_ON of a CPU that is there or not, at the secondary entry or where a guest cannot begin.</summary>
    internal static void TurnOn(Attacker attacker, bool sane)
    {
        ulong target = attacker.Random.Below(sane ? 4u : 12u);
        ulong entry = sane ? Native.SecondaryEntry() : attacker.Random.Below(3) switch
        {
            0 => Native.SecondaryEntry() | (1 + attacker.Random.Below(3)),
            1 => attacker.Random.Next() | (1ul << 45),
            _ => 0x0900_0000,
        };
        Native.Hypercall(Firmware.CpuOn, target, entry, target);
        attacker.Calls++;
    }

    private static ulong NextFunction(Attacker attacker)
    {
        while (true)
        {
            uint function = attacker.Random.Below(4) switch
            {
                0 => (uint)attacker.Random.Next(),
                1 => s_functions[attacker.Random.Below((uint)s_functions.Length)] ^ (1u << (int)attacker.Random.Below(32)),
                _ => s_functions[attacker.Random.Below((uint)s_functions.Length)],
            };

            // What ends this VM or one of its VCpus, or makes it sleep, is its right and has its own place.
            bool ends = function is CpuOff or Hypervisor.Power
                || (IsRestless && function == Hypervisor.YieldCall)
                || (function & ~WidthBits) is CpuSuspend or CpuOn or 0x0400_0008 or 0x0400_0009 or 0x0400_0012;
            if (!ends)
            {
                return function | (attacker.Random.Next() & 0xffff_ffff_0000_0000);
            }
        }
    }

    /// <summary>Half of the time a channel's arguments are such that something comes of them.</summary>
    private static void ShapeChannel(Attacker attacker, ref CallRegisters call)
    {
        uint function = (uint)call.X0;
        if (attacker.Random.Below(2) == 0)
        {
            return;
        }

        if (function == Channel.ConnectCall)
        {
            call.X1 = (1 + attacker.Random.Below(4)) * 0x1000;
            call.X2 = attacker.Random.Below(2) == 0 ? Hypervisor.Pack("hostile"u8, 0) + (attacker.Random.Below(3) << 24) : Hypervisor.Pack("neighbour"u8, 0);
            call.X3 = (byte)call.X2 == 'n' ? (ulong)'r' : 0;
            call.X4 = 0;
            call.X5 = 0;
        }
        else if (function is Channel.DisconnectCall or Channel.RingCall or Channel.StatusCall)
        {
            call.X1 = attacker.Random.Below(9);
        }
    }
}

using System;
using System.Threading;

namespace SharpVisor.Guests;

/// <summary>
/// Does its worst, from a seed: every system-register encoding, every device register in every width, any access anywhere,
/// calls with any arguments, floods of interrupts, on all of its VCpus at once. It counts what it did, and ruins itself at
/// last. Command line: <c>seed=1 ms=1000 vcpus=4 restless=0</c>; with
/// <c>sweep=1</c> it begins with all of the two sweeps, once.
/// </summary>
internal static unsafe class Guest
{
    private const int MaximumVCpus = 8;
    private const ulong Nowhere = 0xe000_0000;
    private const ulong Ram = 0x4000_0000;
    private const uint LastActs = 5;
    private const uint WholeSweep = 1 << 16;

    private static Attacker[]? s_attackers;
    private static ulong s_seed;
    private static ulong s_end;
    private static ulong s_memory;
    private static int s_rounds;
    private static bool s_isEnding;

    internal static void Run(ulong deviceTree)
    {
        ReadOnlySpan<byte> commandLine = CommandLine.Read(deviceTree);
        s_seed = CommandLine.Number(commandLine, "seed="u8, 1);
        s_end = Native.ReadCntfrqEl0() / 1000 * CommandLine.Number(commandLine, "ms="u8, 1000);
        CallAttack.IsRestless = CommandLine.Number(commandLine, "restless="u8, 0) != 0;
        ulong vcpus = CommandLine.Number(commandLine, "vcpus="u8, 1);
        s_memory = Hypervisor.Identity.Memory;
        InterruptController.Initialise();
        DeviceAttack.Initialise(Hypervisor.Identity.VCpus, InterruptController.IsVersion3);
        s_attackers = new Attacker[MaximumVCpus];
        for (int i = 0; i < MaximumVCpus; i++)
        {
            s_attackers[i] = new Attacker(s_seed + ((ulong)i << 32));
        }

        Say("HOSTILE seed "u8, s_seed);
        for (ulong i = 1; i < vcpus; i++)
        {
            Firmware.StartCpu(i);
        }

        if (CommandLine.Number(commandLine, "sweep="u8, 0) != 0)
        {
            RegisterAttack.Run(s_attackers[0], 0, WholeSweep);
            Say("HOSTILE swept registers "u8, WholeSweep);
            DeviceAttack.Walk(s_attackers[0], 0, DeviceAttack.Steps);
            Say("HOSTILE swept addresses "u8, DeviceAttack.Steps);
        }

        Attack(0);
        Console.WriteLine(""u8);
        Report();
        LastAct(s_attackers[0]);
    }

    internal static void SecondaryMain(ulong number)
    {
        Attack((int)number);
        Native.Hypercall(Firmware.CpuOff, 0, 0, 0);
    }

    internal static void Interrupt() => InterruptAttack.Take(Own);

    internal static ulong Exception(ulong syndrome, ulong address, ulong pc)
    {
        Attacker? attacker = Own;
        if (attacker != null && attacker.IsAttempting)
        {
            attacker.HasFailed = true;
            return HostileNative.RecoverAddress();
        }

        if (!s_isEnding)
        {
            Say("HOSTILE unexpected: ESR "u8, syndrome);
            Say("HOSTILE at "u8, pc);
            Say("HOSTILE address "u8, address);
        }

        Firmware.PowerOff();
        return pc;
    }

    private static Attacker? Own => s_attackers?[(int)Native.ReadMpidrEl1() & (MaximumVCpus - 1)];

    /// <summary>Rounds until the time is over. Each begins the sweeps where the one before left them.</summary>
    private static void Attack(int self)
    {
        Attacker attacker = s_attackers![self];
        uint registers = attacker.Random.Below(WholeSweep);
        uint devices = attacker.Random.Below(WholeSweep);
        while (Native.ReadCntvctEl0() < s_end)
        {
            registers = RegisterAttack.Run(attacker, registers, 2048);
            devices = DeviceAttack.Walk(attacker, devices, 1024);
            DeviceAttack.Scatter(attacker, 2048, s_memory);
            CallAttack.Run(attacker, 1024);
            for (int i = 0; i < 16; i++)
            {
                CallAttack.TurnOn(attacker, sane: false);
            }

            InterruptAttack.Run(attacker, 512, (ulong)self);
            if (self == 0)
            {
                CallAttack.TurnOn(attacker, sane: true);
                Interlocked.Increment(ref s_rounds);
            }
            else if (attacker.Random.Below(4) == 0)
            {
                return; // to be turned on again
            }
        }
    }

    private static void Report()
    {
        ulong attempts = 0;
        ulong refused = 0;
        ulong calls = 0;
        ulong interrupts = 0;
        for (int i = 0; i < MaximumVCpus; i++)
        {
            Attacker attacker = s_attackers![i];
            attempts += attacker.Attempts;
            refused += attacker.Refused;
            calls += attacker.Calls;
            interrupts += attacker.Interrupts;
        }

        Say("HOSTILE rounds "u8, (ulong)s_rounds);
        Say("HOSTILE attempts "u8, attempts);
        Say("HOSTILE refused "u8, refused);
        Say("HOSTILE calls "u8, calls);
        Say("HOSTILE interrupts "u8, interrupts);
    }

    private static void LastAct(Attacker attacker)
    {
        uint act = (uint)(s_seed % LastActs);
        Say("HOSTILE last act "u8, act);
        s_isEnding = true;
        switch (act)
        {
            case 0:
                HostileNative.RuinVectors(Nowhere);
                break;
            case 1:
                HostileNative.RuinStack(Nowhere);
                break;
            case 2:
                HostileNative.RuinTables(Nowhere);
                break;
            case 3:
                HostileNative.RuinTranslation(Nowhere);
                break;
            default:
                HostileNative.RuinMemory(attacker.Random.Next(), Ram, Ram + s_memory);
                break;
        }
    }

    // By hypercall: the UART may be in any state by now.
    private static void Say(ReadOnlySpan<byte> what, ulong value)
    {
        Span<byte> digits = stackalloc byte[22];
        int at = digits.Length;
        digits[--at] = (byte)'\n';
        digits[--at] = (byte)'\r';
        do
        {
            digits[--at] = (byte)('0' + (value % 10));
            value /= 10;
        }
        while (value != 0);

        Hypervisor.Write(what);
        Hypervisor.Write(digits.Slice(at));
    }
}

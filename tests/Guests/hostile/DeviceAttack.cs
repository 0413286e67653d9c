namespace SharpVisor.Guests;

/// <summary>Accesses to the whole map of the machine: devices, windows, what is between them, what is behind memory.</summary>
internal static class DeviceAttack
{
    private const uint PlainForms = 8; // each width, read and write
    private const ulong FormSize = 8;
    private const ulong Step = 4;

    // Start and length of what has registers, for the walk; the order is that of the walk.
    private static readonly ulong[] s_starts =
        [0x0800_0000, 0x0801_0000, 0x080a_0000, 0x0900_0000, 0x0901_0000, 0x0903_0000, 0x0a00_0000, 0x0b00_0000, 0x0b10_0000, 0];

    private static readonly ulong[] s_lengths =
        [0x1_0000, 0x1_1000, 0x2_0000, 0x1000, 0x1000, 0x1000, 0x4000, 0x1000, 0x1000, 0x1000];

    private const int CpuInterface = 1;
    private const int Redistributors = 2;

    /// <summary>Leaves out what is not in this machine's map: a version of the GIC, redistributors of other VCpus.</summary>
    internal static void Initialise(uint vcpus, bool isVersion3)
    {
        s_lengths[CpuInterface] = isVersion3 ? 0 : s_lengths[CpuInterface];
        s_lengths[Redistributors] = isVersion3 ? s_lengths[Redistributors] * vcpus : 0;
    }

    /// <summary>Total of the walk in steps.</summary>
    internal static uint Steps
    {
        get
        {
            ulong total = 0;
            for (int i = 0; i < s_lengths.Length; i++)
            {
                total += s_lengths[i] / Step;
            }

            return (uint)total;
        }
    }

    /// <summary>Every width at every register from a place on; answers where the next call goes on.</summary>
    internal static uint Walk(Attacker attacker, uint from, uint count)
    {
        uint steps = Steps;
        ulong forms = HostileNative.AccessInstructions();
        for (uint i = 0; i < count; i++)
        {
            ulong address = AddressOf((from + i) % steps);
            for (uint form = 0; form < PlainForms; form++)
            {
                attacker.Try(forms + (form * FormSize), attacker.Random.NextNasty(), address, 0);
            }
        }

        return (from + count) % steps;
    }

    /// <summary>Any form of access at any address: registers, misaligned too, flash, holes, the ends of memory.</summary>
    internal static void Scatter(Attacker attacker, uint count, ulong memory)
    {
        ulong forms = HostileNative.AccessInstructions();
        var formCount = (uint)HostileNative.AccessCount();
        for (uint i = 0; i < count; i++)
        {
            ulong address = attacker.Random.Below(8) switch
            {
                0 => attacker.Random.Below(0x0800_0000),                                 // flash
                1 => 0x4000_0000 + memory - 8 + attacker.Random.Below(16),               // the end of memory
                2 => 0x3fff_fff8 + attacker.Random.Below(8),                             // the byte before it
                3 => attacker.Random.Next() & 0x7f_ffff_ffff & ~(memory - 1),            // anywhere
                4 => attacker.Random.Next(),                                             // no address at all
                _ => AddressOf(attacker.Random.Below(Steps)) + attacker.Random.Below(8),
            };
            if (address >= 0x4000_0000 && address + 64 < 0x4000_0000 + memory)
            {
                continue; // its own memory is for the last act
            }

            attacker.Try(forms + (attacker.Random.Below(formCount) * FormSize), attacker.Random.NextNasty(), address, attacker.Random.NextNasty());
        }
    }

    private static ulong AddressOf(uint step)
    {
        ulong offset = step * Step;
        int i = 0;
        while (offset >= s_lengths[i])
        {
            offset -= s_lengths[i];
            i++;
        }

        return s_starts[i] + offset;
    }
}

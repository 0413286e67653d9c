using System;

namespace SharpVisor.Guests;

/// <summary>
/// Drives the balloon's second queue, whose requests ask for nothing, and counts under <c>-icount shift=0</c> what a
/// request costs from the driver's stores to the used entry: a line <c>BENCH name instructions</c> for each way.
/// </summary>
internal static class Guest
{
    private const ulong Rounds = 4_096;
    private const ulong InstructionsPerTick = 16;
    private const ulong Registers = 0x0a00_0000;
    private const ulong Area = 0x4300_0000;
    private const uint DeflateQueue = 1;
    private const uint Places = 16;

    private const ulong Version1 = 1ul << 32;
    private const ulong Packed = 1ul << 34;
    private const ulong EventIndex = 1ul << 29;
    private const ulong Indirect = 1ul << 28;

    private static ulong s_features;
    private static ulong s_made;

    private static ulong Descriptors => Area;

    private static ulong DriverArea => Area + 0x400;

    private static ulong DeviceArea => Area + 0x800;

    private static ulong Tables => Area + 0x1000;

    private static ulong Buffer => Area + 0x2000;

    internal static void Run(ulong deviceTree)
    {
        Measure("virtio-register"u8, Version1, 0);
        Measure("virtio-notify"u8, Version1, 0);
        Measure("virtio-split"u8, Version1, 1);
        Measure("virtio-split-8"u8, Version1, 8);
        Measure("virtio-split-event"u8, Version1 | EventIndex, 1);
        Measure("virtio-split-table"u8, Version1 | Indirect, 1);
        Measure("virtio-packed"u8, Version1 | Packed, 1);
        Measure("virtio-packed-8"u8, Version1 | Packed, 8);
        Measure("virtio-packed-event"u8, Version1 | Packed | EventIndex, 1);
        Measure("virtio-packed-table"u8, Version1 | Packed | Indirect, 1);
        Console.WriteLine("BENCH end"u8);
    }

    internal static void SecondaryMain(ulong number)
    {
    }

    internal static void Interrupt()
    {
    }

    internal static ulong Exception(ulong syndrome, ulong address, ulong pc)
    {
        Console.WriteLine("BENCH failed"u8);
        Firmware.PowerOff();
        return pc;
    }

    /// <summary>Requests, so many for each notification; 0 for notifications alone, or for reads of a register.</summary>
    private static void Measure(ReadOnlySpan<byte> name, ulong features, ulong batch)
    {
        SetUp(features);
        bool isRead = name.SequenceEqual("virtio-register"u8);
        ulong start = Native.ReadCntvctEl0();
        for (ulong i = 0; i < Rounds; i++)
        {
            if (isRead)
            {
                Native.Read32(Registers + 0x60);
                continue;
            }

            for (ulong j = 0; j < batch; j++)
            {
                Add();
            }

            Native.DataBarrier();
            Native.Write32(Registers + 0x50, DeflateQueue);
        }

        ulong instructions = (Native.ReadCntvctEl0() - start) * InstructionsPerTick / (Rounds * (batch == 0 ? 1 : batch));
        if (batch != 0 && !IsAllUsed())
        {
            Console.WriteLine("BENCH failed"u8);
        }

        Console.Write("BENCH "u8);
        Console.Write(name);
        Console.Write((byte)' ');
        Console.WriteDecimal(instructions);
        Console.WriteLine(""u8);
    }

    private static void SetUp(ulong features)
    {
        s_features = features;
        s_made = 0;
        for (ulong at = Area; at < Area + 0x3000; at += 8)
        {
            Native.Write64(at, 0);
        }

        for (ulong i = 0; i < Places; i++)
        {
            bool hasTable = (features & Indirect) != 0;
            ulong table = Tables + (i * 0x40);
            Native.Write64(Descriptors + (i * 16), hasTable ? table : Buffer);
            Native.Write64(Descriptors + (i * 16) + 8, hasTable ? 0x4_0000_0030u : 4);
            for (ulong j = 0; j < 3; j++)
            {
                Native.Write64(table + (j * 16), Buffer);
                ulong tail = (features & Packed) != 0 ? 0 : j < 2 ? 1ul << 32 | (j + 1) << 48 : 0;
                Native.Write64(table + (j * 16) + 8, 4 | tail);
            }
        }

        // No interrupt is wanted: they are not what is measured.
        if ((features & EventIndex) != 0 && (features & Packed) == 0)
        {
            Native.Write16(DriverArea + 4 + (Places * 2), 0x8000);
        }
        else if ((features & Packed) != 0)
        {
            Native.Write16(DriverArea + 2, 1);
        }
        else
        {
            Native.Write16(DriverArea, 1);
        }

        Set(0x70, 0);
        Set(0x70, 3);
        Set(0x24, 0);
        Set(0x20, (uint)features);
        Set(0x24, 1);
        Set(0x20, (uint)(features >> 32));
        Set(0x70, 11);
        Set(0x30, DeflateQueue);
        Set(0x38, Places);
        Set(0x80, (uint)Descriptors);
        Set(0x84, 0);
        Set(0x90, (uint)DriverArea);
        Set(0x94, 0);
        Set(0xa0, (uint)DeviceArea);
        Set(0xa4, 0);
        Set(0x44, 1);
        Set(0x70, 15);
    }

    private static void Add()
    {
        ulong place = s_made % Places;
        if ((s_features & Packed) != 0)
        {
            ulong flags = s_made / Places % 2 == 0 ? 0x80u : 0x8000u;
            ulong upper = (s_features & Indirect) != 0 ? 0x30 | (flags | 4) << 48 : 4 | flags << 48;
            if ((s_features & Indirect) != 0)
            {
                Native.Write64(Descriptors + (place * 16), Tables + (place * 0x40));
            }

            Native.Write64(Descriptors + (place * 16) + 8, upper | place << 32);
            s_made++;
        }
        else
        {
            Native.Write16(DriverArea + 4 + (place * 2), (ushort)place);
            s_made++;
            Native.DataBarrier();
            Native.Write16(DriverArea + 2, (ushort)s_made);
        }
    }

    private static bool IsAllUsed()
    {
        if ((s_features & Packed) == 0)
        {
            return Native.Read16(DeviceArea + 2) == (ushort)s_made;
        }

        ulong last = (s_made - 1) % Places;
        bool isFirstLap = (s_made - 1) / Places % 2 == 0;
        return (Native.Read64(Descriptors + (last * 16) + 8) >> 48 & 0x8080) == (isFirstLap ? 0x8080u : 0u);
    }

    private static void Set(uint offset, uint value) => Native.Write32(Registers + offset, value);
}

using System;
using System.Threading;

namespace SharpVisor.Guests;

/// <summary>
/// Reads and writes a virtio disk as a driver does, interrupts taken, and counts under <c>-icount shift=0</c> what that
/// costs: a line <c>BENCH name n</c> for each way. The first disk is used, of at least 8 MiB, and its contents are lost.
/// </summary>
internal static class Guest
{
    private const ulong InstructionsPerTick = 16;
    private const ulong Registers = 0x0a00_0000;
    private const ulong SlotSize = 0x200;
    private const uint Slots = 32;
    private const uint FirstInterrupt = 48;
    private const uint DiskId = 2;
    private const ulong Area = 0x4300_0000;
    private const ulong Data = 0x4310_0000;
    private const ulong Version1 = 1ul << 32;
    private const ulong Packed = 1ul << 34;
    private const ulong EventIndex = 1ul << 29;
    private const ulong Indirect = 1ul << 28;
    private const ulong Flush = 1ul << 9;
    private const ulong Requests = 512;
    private const ulong DiskPages = 2048;
    private const uint In = 0;
    private const uint Out = 1;
    private const uint FlushKind = 4;

    // Places of the ring; a request takes one, for its three buffers are in a table.
    private const uint Places = 64;

    private static ulong s_device;
    private static uint s_interrupt;
    private static ulong s_features;
    private static ulong s_made;
    private static ulong s_seen;
    private static ulong s_accesses;
    private static uint s_seed = 1;
    private static uint s_taken;

    private static ulong Descriptors => Area;

    private static ulong DriverArea => Area + 0x1000;

    private static ulong DeviceArea => Area + 0x2000;

    private static ulong Tables => Area + 0x4000;

    private static ulong Headers => Area + 0x8000;

    internal static void Run(ulong deviceTree)
    {
        for (uint slot = 0; slot < Slots && s_device == 0; slot++)
        {
            ulong device = Registers + (slot * SlotSize);
            if (Native.Read32(device + 4) == 2 && Native.Read32(device + 8) == DiskId)
            {
                s_device = device;
                s_interrupt = FirstInterrupt + slot;
            }
        }

        if (s_device == 0)
        {
            Console.WriteLine("BENCH end"u8); // no disk
            return;
        }

        InterruptController.Initialise();
        InterruptController.InitialiseCpu(0);
        InterruptController.EnableShared(s_interrupt);
        SetUp(Version1 | EventIndex | Indirect | Flush);
        Measure("disk-write-4k"u8, Out, 4096, 1, isRandom: true);
        Measure("disk-write-4k"u8, Out, 4096, 1, isRandom: true); // memory and disk are there now
        Measure("disk-read-4k"u8, In, 4096, 1, isRandom: true);
        Measure("disk-flush"u8, FlushKind, 0, 1, isRandom: true);
        Measure("disk-write-mib"u8, Out, 16384, Places, isRandom: false);
        Measure("disk-read-mib"u8, In, 16384, Places, isRandom: false);
        Measure("disk-read-4k-deep"u8, In, 4096, Places, isRandom: true);
        SetUp(Version1 | EventIndex | Indirect | Flush | Packed);
        Measure("disk-read-4k-packed"u8, In, 4096, 1, isRandom: true);
        Measure("disk-read-mib-packed"u8, In, 16384, Places, isRandom: false);
        Console.WriteLine("BENCH end"u8);
    }

    internal static void SecondaryMain(ulong number)
    {
    }

    internal static void Interrupt()
    {
        uint value = InterruptController.Acknowledge();
        if ((value & 0x3ff) == s_interrupt)
        {
            uint status = Get(0x60);
            Set(0x64, status);
            s_taken++;
        }

        InterruptController.End(value);
    }

    internal static ulong Exception(ulong syndrome, ulong address, ulong pc)
    {
        Console.WriteLine("BENCH failed"u8);
        Firmware.PowerOff();
        return pc;
    }

    /// <summary>Requests, so many for each notification, each notification's interrupt waited for.</summary>
    private static void Measure(ReadOnlySpan<byte> name, uint kind, uint length, ulong batch, bool isRandom)
    {
        ulong requests = length > 4096 ? Places * 8 : Requests;
        ulong sector = 0;
        s_accesses = 0;
        ulong start = Native.ReadCntvctEl0();
        for (ulong done = 0; done < requests; done += batch)
        {
            WantInterruptAfter(batch);
            for (ulong j = 0; j < batch; j++)
            {
                Add(kind, isRandom ? Random() % DiskPages * 8 : sector, length);
                sector = (sector + (length / 512)) % (DiskPages * 8);
            }

            uint taken = Volatile.Read(ref s_taken);
            Publish(batch);
            Set(0x50, 0);
            Native.EnableInterrupts();
            while (Volatile.Read(ref s_taken) == taken)
            {
            }

            Native.DisableInterrupts();
            s_seen += batch;
            if (!IsAllUsed())
            {
                Console.WriteLine("BENCH failed"u8);
                Firmware.PowerOff();
            }
        }

        ulong instructions = (Native.ReadCntvctEl0() - start) * InstructionsPerTick;
        bool isStream = length > 4096;
        Report(name, isStream ? instructions * (1 << 20) / (requests * length) : instructions / requests);
        if (isStream)
        {
            Console.Write("BENCH "u8);
            Console.Write(name);
            Console.Write("-accesses-per-1000 "u8);
            Console.WriteDecimal(s_accesses * 1000 / requests);
            Console.WriteLine(""u8);
        }
    }

    private static void Report(ReadOnlySpan<byte> name, ulong number)
    {
        Console.Write("BENCH "u8);
        Console.Write(name);
        Console.Write((byte)' ');
        Console.WriteDecimal(number);
        Console.WriteLine(""u8);
    }

    private static uint Random()
    {
        s_seed = (s_seed * 1664525) + 1013904223;
        return s_seed >> 8;
    }

    private static void SetUp(ulong features)
    {
        Set(0x70, 0);
        Set(0x70, 3);
        Set(0x14, 0);
        ulong offered = Get(0x10);
        Set(0x14, 1);
        offered |= (ulong)Get(0x10) << 32;
        features &= offered;
        s_features = features;
        s_made = 0;
        s_seen = 0;
        for (ulong at = Area; at < Area + 0x9000; at += 8)
        {
            Native.Write64(at, 0);
        }

        Set(0x24, 0);
        Set(0x20, (uint)features);
        Set(0x24, 1);
        Set(0x20, (uint)(features >> 32));
        Set(0x70, 11);
        Set(0x30, 0);
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

    private static void Add(uint kind, ulong sector, uint length)
    {
        bool isPacked = (s_features & Packed) != 0;
        ulong place = s_made % Places;
        ulong table = Tables + (place * 64);
        ulong header = Headers + (place * 32);
        Native.Write32(header, kind);
        Native.Write64(header + 8, sector);
        uint count = 0;
        WriteDescriptor(table, count++, header, 16, isWritten: false, isLast: false);
        if (length != 0)
        {
            WriteDescriptor(table, count++, Data + (place * 16384), length, isWritten: kind == In, isLast: false);
        }

        WriteDescriptor(table, count++, header + 16, 1, isWritten: true, isLast: true);
        Native.Write64(Descriptors + (place * 16), table);
        if (isPacked)
        {
            ulong flags = s_made / Places % 2 == 0 ? 0x84u : 0x8004u;
            Native.DataBarrier();
            Native.Write64(Descriptors + (place * 16) + 8, (count * 16) | place << 32 | flags << 48);
        }
        else
        {
            Native.Write64(Descriptors + (place * 16) + 8, (count * 16) | 4ul << 32);
            Native.Write16(DriverArea + 4 + (place * 2), (ushort)place);
        }

        s_made++;
    }

    private static void WriteDescriptor(ulong table, uint index, ulong address, uint length, bool isWritten, bool isLast)
    {
        ulong flags = (isWritten ? 2u : 0) | (isLast ? 0 : 1u);
        ulong tail = (s_features & Packed) != 0 ? flags << 48 : flags << 32 | (isLast ? 0 : (ulong)(index + 1) << 48);
        Native.Write64(table + (index * 16), address);
        Native.Write64(table + (index * 16) + 8, length | tail);
    }

    private static void WantInterruptAfter(ulong batch)
    {
        ulong place = s_made + batch - 1;
        if ((s_features & Packed) != 0)
        {
            uint wrap = place / Places % 2 == 0 ? 1u << 15 : 0;
            Native.Write32(DriverArea, (uint)(place % Places) | wrap | 2 << 16);
        }
        else
        {
            Native.Write16(DriverArea + 4 + (Places * 2), (ushort)place);
        }
    }

    private static void Publish(ulong batch)
    {
        Native.DataBarrier();
        if ((s_features & Packed) == 0)
        {
            Native.Write16(DriverArea + 2, (ushort)s_made);
        }

        Native.DataBarrier();
    }

    private static bool IsAllUsed()
    {
        ulong place = (s_made - 1) % Places;
        bool isUsed = (s_features & Packed) == 0
            ? Native.Read16(DeviceArea + 2) == (ushort)s_made
            : (Native.Read64(Descriptors + (place * 16) + 8) >> 48 & 0x8080) == ((s_made - 1) / Places % 2 == 0 ? 0x8080u : 0u);
        return isUsed && Native.Read8(Headers + (place * 32) + 16) == 0;
    }

    private static void Set(uint offset, uint value)
    {
        s_accesses++;
        Native.Write32(s_device + offset, value);
    }

    private static uint Get(uint offset)
    {
        s_accesses++;
        return Native.Read32(s_device + offset);
    }
}

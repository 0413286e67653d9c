using System;
using SharpVisor.Formats;

namespace SharpVisor.Machine.Loading;

/// <summary>
/// The device tree of the guest machine: nodes, names and properties as QEMU gives its <c>virt</c> machine, but only
/// of what is there.
/// </summary>
public static class GuestDeviceTree
{
    private const uint ClockPhandle = 0x8000;
    private const uint InterruptControllerPhandle = 0x8001;
    private const uint GpioPhandle = 0x8002;
    private const uint PowerKeyCode = 116; // KEY_POWER of Linux's input events
    private const uint ClockFrequency = 24_000_000;
    private const uint SharedInterrupt = 0;
    private const uint PrivateInterrupt = 1;
    private const uint EdgeRising = 1;
    private const uint LevelHigh = 4;

    /// <summary>Writes the tree.</summary>
    /// <param name="blob">Where to, 8-byte aligned as the guest sees it; with room for the names at its end it needs about 5 KiB, 150 bytes for each VCpu and for each virtio slot, and the command line.</param>
    /// <param name="description">What it is to say.</param>
    /// <param name="size">Bytes written.</param>
    /// <returns>False where it does not fit.</returns>
    public static bool TryWrite(Span<byte> blob, in GuestDescription description, out int size)
    {
        var tree = new FdtWriter(blob);
        tree.BeginNode(""u8);
        tree.PropertyCell("#address-cells"u8, 2);
        tree.PropertyCell("#size-cells"u8, 2);
        tree.PropertyCell("interrupt-parent"u8, InterruptControllerPhandle);
        tree.PropertyString("model"u8, "linux,dummy-virt"u8);
        tree.PropertyString("compatible"u8, "linux,dummy-virt"u8);
        WriteAliases(ref tree);
        WriteChosen(ref tree, description);
        WriteMemory(ref tree, description);
        WriteProcessors(ref tree, description);
        WriteFirmware(ref tree);
        WriteTimer(ref tree, description);
        WriteFlash(ref tree);
        WriteInterruptController(ref tree, description);
        WriteClock(ref tree);
        WriteDevice(ref tree, "pl011"u8, GuestMemoryMap.Uart, GuestMemoryMap.UartSize, GuestMemoryMap.UartInterrupt);
        WriteDevice(ref tree, "pl031"u8, GuestMemoryMap.Clock, GuestMemoryMap.ClockSize, GuestMemoryMap.ClockInterrupt);
        WriteDevice(ref tree, "pl061"u8, GuestMemoryMap.Gpio, GuestMemoryMap.GpioSize, GuestMemoryMap.GpioInterrupt);
        WriteKeys(ref tree);
        for (uint slot = 0; slot < GuestMemoryMap.VirtioSlots; slot++)
        {
            if ((description.VirtioSlots >> (int)slot & 1) != 0)
            {
                WriteVirtioSlot(ref tree, slot);
            }
        }

        tree.EndNode();
        return tree.TryFinish(out size);
    }

    private static void WriteAliases(ref FdtWriter tree)
    {
        tree.BeginNode("aliases"u8);
        tree.PropertyString("serial0"u8, "/pl011@9000000"u8);
        tree.EndNode();
    }

    private static void WriteChosen(ref FdtWriter tree, in GuestDescription description)
    {
        tree.BeginNode("chosen"u8);
        tree.PropertyString("stdout-path"u8, "/pl011@9000000"u8);
        if (description.CommandLine.Length != 0)
        {
            tree.PropertyString("bootargs"u8, description.CommandLine);
        }

        if (description.RamdiskEnd > description.RamdiskStart)
        {
            tree.PropertyNumber("linux,initrd-start"u8, description.RamdiskStart);
            tree.PropertyNumber("linux,initrd-end"u8, description.RamdiskEnd);
        }

        if (description.LayoutSeed != 0)
        {
            tree.PropertyNumber("kaslr-seed"u8, description.LayoutSeed);
        }

        if (description.RandomSeed.Length != 0)
        {
            tree.PropertyBytes("rng-seed"u8, description.RandomSeed);
        }

        tree.EndNode();
    }

    private static void WriteMemory(ref FdtWriter tree, in GuestDescription description)
    {
        tree.BeginNode("memory"u8, description.RamStart);
        tree.PropertyString("device_type"u8, "memory"u8);
        tree.PropertyRegions("reg"u8, [description.RamStart, description.RamSize]);
        tree.EndNode();
    }

    private static void WriteProcessors(ref FdtWriter tree, in GuestDescription description)
    {
        // One cell is enough for all but the highest affinity field.
        bool needsTwoCells = false;
        for (int i = 0; i < description.Affinities.Length; i++)
        {
            needsTwoCells |= description.Affinities[i] >> 32 != 0;
        }

        tree.BeginNode("cpus"u8);
        tree.PropertyCell("#address-cells"u8, needsTwoCells ? 2u : 1u);
        tree.PropertyCell("#size-cells"u8, 0);
        for (int i = 0; i < description.Affinities.Length; i++)
        {
            ulong affinity = description.Affinities[i];
            tree.BeginNode("cpu"u8, affinity);
            tree.PropertyString("device_type"u8, "cpu"u8);
            tree.PropertyString("compatible"u8, CoreName(description.ProcessorId));
            tree.PropertyString("enable-method"u8, "psci"u8);
            if (needsTwoCells)
            {
                tree.PropertyNumber("reg"u8, affinity);
            }
            else
            {
                tree.PropertyCell("reg"u8, (uint)affinity);
            }

            tree.EndNode();
        }

        tree.EndNode();
    }

    /// <summary>The core's name in device trees, by implementer and part number of its MIDR_EL1.</summary>
    private static ReadOnlySpan<byte> CoreName(ulong processorId)
    {
        const ulong Arm = 0x41;
        if ((processorId >> 24 & 0xff) != Arm)
        {
            return "arm,armv8"u8;
        }

        return (processorId >> 4 & 0xfff) switch
        {
            0xd03 => "arm,cortex-a53"u8,
            0xd04 => "arm,cortex-a35"u8,
            0xd05 => "arm,cortex-a55"u8,
            0xd07 => "arm,cortex-a57"u8,
            0xd08 => "arm,cortex-a72"u8,
            0xd09 => "arm,cortex-a73"u8,
            0xd0a => "arm,cortex-a75"u8,
            0xd0b => "arm,cortex-a76"u8,
            0xd0c => "arm,neoverse-n1"u8,
            _ => "arm,armv8"u8,
        };
    }

    // Function numbers for kernels that know PSCI 0.1 only. Of MIGRATE, which QEMU names too, there is none.
    private static void WriteFirmware(ref FdtWriter tree)
    {
        tree.BeginNode("psci"u8);
        tree.PropertyBytes("compatible"u8, "arm,psci-1.0\0arm,psci-0.2\0arm,psci\0"u8);
        tree.PropertyString("method"u8, "hvc"u8);
        tree.PropertyCell("cpu_suspend"u8, 0xc400_0001);
        tree.PropertyCell("cpu_off"u8, 0x8400_0002);
        tree.PropertyCell("cpu_on"u8, 0xc400_0003);
        tree.EndNode();
    }

    private static void WriteTimer(ref FdtWriter tree, in GuestDescription description)
    {
        // A GICv2 binding names in bits 15:8 the CPUs that a private interrupt goes to.
        uint flags = LevelHigh;
        if (description.GicVersion == 2)
        {
            flags |= ((1u << description.Affinities.Length) - 1 & 0xff) << 8;
        }

        tree.BeginNode("timer"u8);
        tree.PropertyBytes("compatible"u8, "arm,armv8-timer\0arm,armv7-timer\0"u8);
        tree.Property("always-on"u8);
        tree.PropertyCells(
            "interrupts"u8,
            [
                PrivateInterrupt, GuestMemoryMap.SecureTimerInterrupt - GuestMemoryMap.FirstPrivateInterrupt, flags,
                PrivateInterrupt, GuestMemoryMap.PhysicalTimerInterrupt - GuestMemoryMap.FirstPrivateInterrupt, flags,
                PrivateInterrupt, GuestMemoryMap.VirtualTimerInterrupt - GuestMemoryMap.FirstPrivateInterrupt, flags,
                PrivateInterrupt, GuestMemoryMap.HypervisorTimerInterrupt - GuestMemoryMap.FirstPrivateInterrupt, flags,
            ]);
        tree.EndNode();
    }

    /// <summary>Both banks, each of two chips that make up a word of 4 bytes.</summary>
    private static void WriteFlash(ref FdtWriter tree)
    {
        tree.BeginNode("flash"u8, GuestMemoryMap.Flash);
        tree.PropertyString("compatible"u8, "cfi-flash"u8);
        tree.PropertyRegions(
            "reg"u8,
            [
                GuestMemoryMap.Flash, GuestMemoryMap.FlashSize,
                GuestMemoryMap.Flash + GuestMemoryMap.FlashSize, GuestMemoryMap.FlashSize,
            ]);
        tree.PropertyCell("bank-width"u8, 4);
        tree.EndNode();
    }

    private static void WriteInterruptController(ref FdtWriter tree, in GuestDescription description)
    {
        tree.BeginNode("intc"u8, GuestMemoryMap.GicDistributor);
        tree.PropertyCell("phandle"u8, InterruptControllerPhandle);
        tree.Property("interrupt-controller"u8);
        tree.PropertyCell("#interrupt-cells"u8, 3);
        tree.PropertyCell("#address-cells"u8, 2);
        tree.PropertyCell("#size-cells"u8, 2);
        tree.Property("ranges"u8);
        if (description.GicVersion == 2)
        {
            tree.PropertyString("compatible"u8, "arm,cortex-a15-gic"u8);
            tree.PropertyRegions(
                "reg"u8,
                [
                    GuestMemoryMap.GicDistributor, GuestMemoryMap.GicDistributorSize,
                    GuestMemoryMap.GicCpuInterface, GuestMemoryMap.GicCpuInterfaceSize,
                ]);
        }
        else
        {
            tree.PropertyString("compatible"u8, "arm,gic-v3"u8);
            tree.PropertyCell("#redistributor-regions"u8, 1);
            tree.PropertyRegions(
                "reg"u8,
                [
                    GuestMemoryMap.GicDistributor, GuestMemoryMap.GicDistributorSize,
                    GuestMemoryMap.GicRedistributors, (ulong)description.Affinities.Length * GuestMemoryMap.GicRedistributorSize,
                ]);
        }

        tree.EndNode();
    }

    private static void WriteClock(ref FdtWriter tree)
    {
        tree.BeginNode("apb-pclk"u8);
        tree.PropertyString("compatible"u8, "fixed-clock"u8);
        tree.PropertyCell("phandle"u8, ClockPhandle);
        tree.PropertyCell("#clock-cells"u8, 0);
        tree.PropertyCell("clock-frequency"u8, ClockFrequency);
        tree.PropertyString("clock-output-names"u8, "clk24mhz"u8);
        tree.EndNode();
    }

    /// <summary>A device of Arm's PrimeCell family; the UART has a clock of its own beside the bus clock.</summary>
    private static void WriteDevice(ref FdtWriter tree, ReadOnlySpan<byte> name, ulong address, ulong length, uint interrupt)
    {
        tree.BeginNode(name, address);
        if (address == GuestMemoryMap.Uart)
        {
            tree.PropertyBytes("compatible"u8, "arm,pl011\0arm,primecell\0"u8);
            tree.PropertyCells("clocks"u8, [ClockPhandle, ClockPhandle]);
            tree.PropertyBytes("clock-names"u8, "uartclk\0apb_pclk\0"u8);
        }
        else
        {
            bool isGpio = address == GuestMemoryMap.Gpio;
            tree.PropertyBytes("compatible"u8, isGpio ? "arm,pl061\0arm,primecell\0"u8 : "arm,pl031\0arm,primecell\0"u8);
            tree.PropertyCell("clocks"u8, ClockPhandle);
            tree.PropertyString("clock-names"u8, "apb_pclk"u8);
            if (isGpio)
            {
                tree.PropertyCell("phandle"u8, GpioPhandle);
                tree.Property("gpio-controller"u8);
                tree.PropertyCell("#gpio-cells"u8, 2);
            }
        }

        tree.PropertyRegions("reg"u8, [address, length]);
        tree.PropertyCells("interrupts"u8, [SharedInterrupt, interrupt - GuestMemoryMap.FirstSharedInterrupt, LevelHigh]);
        tree.EndNode();
    }

    /// <summary>The power key, which is wired to a pin.</summary>
    private static void WriteKeys(ref FdtWriter tree)
    {
        const uint activeHigh = 0;
        tree.BeginNode("gpio-keys"u8);
        tree.PropertyString("compatible"u8, "gpio-keys"u8);
        tree.BeginNode("poweroff"u8);
        tree.PropertyString("label"u8, "GPIO Key Poweroff"u8);
        tree.PropertyCell("linux,code"u8, PowerKeyCode);
        tree.PropertyCells("gpios"u8, [GpioPhandle, GuestMemoryMap.PowerKeyPin, activeHigh]);
        tree.EndNode();
        tree.EndNode();
    }

    private static void WriteVirtioSlot(ref FdtWriter tree, uint slot)
    {
        ulong address = GuestMemoryMap.Virtio + (slot * GuestMemoryMap.VirtioSlotSize);
        uint interrupt = GuestMemoryMap.VirtioFirstInterrupt - GuestMemoryMap.FirstSharedInterrupt + slot;
        tree.BeginNode("virtio_mmio"u8, address);
        tree.PropertyString("compatible"u8, "virtio,mmio"u8);
        tree.Property("dma-coherent"u8);
        tree.PropertyRegions("reg"u8, [address, GuestMemoryMap.VirtioSlotSize]);
        tree.PropertyCells("interrupts"u8, [SharedInterrupt, interrupt, EdgeRising]);
        tree.EndNode();
    }
}

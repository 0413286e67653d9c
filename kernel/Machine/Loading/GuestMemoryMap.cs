namespace SharpVisor.Machine.Loading;

/// <summary>
/// Where things are in the guest machine, and which interrupts they have: as in QEMU's <c>virt</c>. Addresses are
/// intermediate physical, sizes in bytes, interrupts INTIDs.
/// </summary>
public static class GuestMemoryMap
{
    /// <summary>The first of two banks of flash, the other behind it.</summary>
    public const ulong Flash = 0;

    /// <summary>Size of each bank.</summary>
    public const ulong FlashSize = 0x0400_0000;

    /// <summary>The distributor of either GIC.</summary>
    public const ulong GicDistributor = 0x0800_0000;

    /// <summary>Size of the distributor's region.</summary>
    public const ulong GicDistributorSize = 0x1_0000;

    /// <summary>The CPU interface of a GICv2.</summary>
    public const ulong GicCpuInterface = 0x0801_0000;

    /// <summary>Size of the CPU interface's region; registers stand in its first 8 KiB.</summary>
    public const ulong GicCpuInterfaceSize = 0x1_0000;

    /// <summary>The redistributors of a GICv3, one after the other in the order of VCpus.</summary>
    public const ulong GicRedistributors = 0x080a_0000;

    /// <summary>Size of one redistributor: RD_base and SGI_base.</summary>
    public const ulong GicRedistributorSize = 0x2_0000;

    /// <summary>The PL011.</summary>
    public const ulong Uart = 0x0900_0000;

    /// <summary>Size of the PL011's region.</summary>
    public const ulong UartSize = 0x1000;

    /// <summary>Interrupt of the PL011: SPI 1.</summary>
    public const uint UartInterrupt = FirstSharedInterrupt + 1;

    /// <summary>The PL031.</summary>
    public const ulong Clock = 0x0901_0000;

    /// <summary>Size of the PL031's region.</summary>
    public const ulong ClockSize = 0x1000;

    /// <summary>Interrupt of the PL031: SPI 2.</summary>
    public const uint ClockInterrupt = FirstSharedInterrupt + 2;

    /// <summary>The PL061.</summary>
    public const ulong Gpio = 0x0903_0000;

    /// <summary>Size of the PL061's region.</summary>
    public const ulong GpioSize = 0x1000;

    /// <summary>Interrupt of the PL061: SPI 7.</summary>
    public const uint GpioInterrupt = FirstSharedInterrupt + 7;

    /// <summary>The pin of the PL061 that is high while the power key is pressed.</summary>
    public const int PowerKeyPin = 3;

    /// <summary>The first virtio-mmio slot.</summary>
    public const ulong Virtio = 0x0a00_0000;

    /// <summary>Size of each slot.</summary>
    public const ulong VirtioSlotSize = 0x200;

    /// <summary>Number of slots.</summary>
    public const int VirtioSlots = 32;

    /// <summary>Interrupt of the first slot, SPI 16; the others follow.</summary>
    public const uint VirtioFirstInterrupt = FirstSharedInterrupt + 16;

    /// <summary>The page of stolen time, at the start of the hypervisor's own window; QEMU's machine has nothing there.</summary>
    public const ulong StolenTime = 0x0b00_0000;

    /// <summary>Where memory that is shared with other VMs appears: channel 0; the others follow.</summary>
    public const ulong Channels = 0x0b10_0000;

    /// <summary>From one channel to the next.</summary>
    public const ulong ChannelStride = 0x10_0000;

    /// <summary>Doorbell interrupt of channel 0, SPI 64; the others follow.</summary>
    public const uint ChannelFirstInterrupt = FirstSharedInterrupt + 64;

    /// <summary>The first byte of memory.</summary>
    public const ulong Ram = 0x4000_0000;

    /// <summary>INTID of SPI 0.</summary>
    public const uint FirstSharedInterrupt = 32;

    /// <summary>INTID of PPI 0.</summary>
    public const uint FirstPrivateInterrupt = 16;

    /// <summary>The secure EL1 timer's interrupt: PPI 13.</summary>
    public const uint SecureTimerInterrupt = FirstPrivateInterrupt + 13;

    /// <summary>The EL1 physical timer's interrupt: PPI 14.</summary>
    public const uint PhysicalTimerInterrupt = FirstPrivateInterrupt + 14;

    /// <summary>The virtual timer's interrupt: PPI 11.</summary>
    public const uint VirtualTimerInterrupt = FirstPrivateInterrupt + 11;

    /// <summary>The EL2 timer's interrupt: PPI 10.</summary>
    public const uint HypervisorTimerInterrupt = FirstPrivateInterrupt + 10;
}

using System;
using Internal.Runtime;
using SharpVisor.Arch;
using SharpVisor.Console;
using SharpVisor.Cpu;
using SharpVisor.Debug;
using SharpVisor.Devices;
using SharpVisor.Devices.Virtio;
using SharpVisor.Drivers;
using SharpVisor.Formats;
using SharpVisor.Interrupts;
using SharpVisor.Machine.Life;
using SharpVisor.Machine.Loading;
using SharpVisor.Machine.Ram;
using SharpVisor.Memory;

namespace SharpVisor.Machine;

/// <summary>
/// Makes VMs: memory, tables, GIC, devices, VCpus, all of their objects in one region of memory. And takes them apart.
/// </summary>
/// <remarks>Under the lock of the machine's control, once there are guests.</remarks>
internal static unsafe class VmFactory
{
    private const ulong RegionSize = 256 << 10;
    private const ulong RegionOfDisk = 64 << 10;
    private const ulong MiB = 1ul << 20;
    private const ulong SmallestMemory = MiB;
    private const int BusCapacity = 48;
    private const int LastVmid = 255;
    private const int VmidsInWord = 64;
    internal const int FirstDiskSlot = 2;

    // One bit for each VMID that is in use.
    private static ulong[]? s_vmids;
    private static uint s_vcpuCount;

    /// <summary>Prepares, while the start-up region is open.</summary>
    internal static void Initialise() => s_vmids = [1, 0, 0, 0];

    /// <summary>Makes a VM, ready to be powered on. Where it cannot be, a line says why.</summary>
    internal static LifeOutcome TryMake(VmEntry entry, out Vm? vm)
    {
        vm = null;
        VmDefinition source = entry.Definition;
        LifeOutcome outcome = Check(source, out int gicVersion, out ReadOnlySpan<byte> problem);
        if (outcome != LifeOutcome.Done)
        {
            return Refuse(source.Name, problem, outcome);
        }

        PageAllocator pages = Hypervisor.Pages;
        ulong tables = GuestMemory.TablesFor(source.Memory, Hypervisor.Stage2.InputBits);
        ulong credit = GuestMemory.CreditFor(source.Memory, source.MemoryGuarantee);
        ulong kept = source.MemoryGuarantee + tables + credit;
        if (!pages.TryPromise(kept))
        {
            Log.Error().Text(source.Name).Text(": cannot start: needs "u8).Size(source.MemoryGuarantee).Text(" of memory and "u8).Size(tables)
                .Text(" for page tables, "u8).Decimal((pages.FreeBytes - pages.PromisedBytes) >> 20).Text(" MiB are free and not kept for others"u8).End();
            return LifeOutcome.NoMemory;
        }

        ulong regionSize = RegionSize + ((ulong)source.Disks.Length * RegionOfDisk);
        if (!pages.TryAllocate(regionSize, PageTable.PageSize, out ulong region))
        {
            pages.EndPromise(kept);
            return Refuse(source.Name, "no memory for its objects"u8, LifeOutcome.NoMemory);
        }

        Heap.Open(region, regionSize);
        vm = Make(entry, gicVersion, new MemoryAccount(pages, kept - credit, credit), out problem);
        ulong end = (Heap.Close() + PageTable.PageSize - 1) & ~(PageTable.PageSize - 1);
        pages.Free(end, region + regionSize - end);
        if (vm == null)
        {
            pages.Free(region, end - region);
            return Refuse(source.Name, problem, LifeOutcome.NoMemory);
        }

        Channels.TryAdd(vm);
        if (source.SharePages && !PageScan.TryJoin(vm.Memory))
        {
            Log.Line().Text(source.Name).Text(": shares no pages: no memory for the tables"u8).End();
        }

        vm.Region = region;
        vm.RegionLength = end - region;
        return LifeOutcome.Done;
    }

    /// <summary>
    /// Gives back all that a VM has. No CPU has anything of it, and nothing outside refers to it any more. What others
    /// took for it beside its region is given back here, too, before the region.
    /// </summary>
    internal static void Release(Vm vm)
    {
        Channels.Remove(vm);
        vm.Translation.Forget();
        ReleaseDisks(vm.Disks, vm.Disks.Length);
        vm.Memory.Release();
        StolenTime.Free(vm.StolenTimePage);
        s_vmids![vm.Vmid / VmidsInWord] &= ~(1ul << (vm.Vmid % VmidsInWord));
        s_vcpuCount -= (uint)vm.VCpus.Length;
        Hypervisor.Pages.Free(vm.Region, vm.RegionLength); // the VM's own object is in there
    }

    private static LifeOutcome Refuse(ReadOnlySpan<byte> name, ReadOnlySpan<byte> why, LifeOutcome outcome)
    {
        Log.Error().Text(name).Text(": cannot start: "u8).Text(why).End();
        return outcome;
    }

    /// <summary>What is wrong with a definition on this machine.</summary>
    private static LifeOutcome Check(VmDefinition source, out int gicVersion, out ReadOnlySpan<byte> problem)
    {
        problem = default;
        bool isGicV3Machine = Hypervisor.Interrupts.Version >= 3;
        gicVersion = source.GicVersion != 0 ? (int)source.GicVersion : isGicV3Machine ? 3 : 2;
        if (s_vcpuCount + source.VCpus > Dispatcher.MaximumVCpus)
        {
            problem = "more than 256 VCpus in all"u8;
            return LifeOutcome.NoRoom;
        }

        if (source.VCpus > VirtualGic.MaximumVCpus)
        {
            problem = "more than 8 VCpus"u8;
        }
        else if (source.Memory < SmallestMemory || (source.Memory & (PageTable.PageSize - 1)) != 0)
        {
            problem = "memory must be at least 1 MiB and a multiple of 4 KiB"u8;
        }
        else if (source.Scheduling.Budget * 20ul > source.Scheduling.Period * 19ul)
        {
            problem = "its real time is more than 95 % of a CPU"u8;
        }
        else if (source.Memory > (1ul << Hypervisor.Stage2.InputBits) - GuestMemoryMap.Ram)
        {
            problem = "more memory than stage 2 can map on this CPU"u8;
        }
        else if (gicVersion is not (2 or 3))
        {
            problem = "its gic must be 2 or 3"u8;
        }
        else if (gicVersion == 3 && !isGicV3Machine)
        {
            problem = "a GICv3 guest needs a GICv3 machine (GIC=3)"u8;
        }

        return problem.IsEmpty ? LifeOutcome.Done : LifeOutcome.NotSupported;
    }

    private static int TakeVmid()
    {
        for (int vmid = 1; vmid <= LastVmid; vmid++)
        {
            ref ulong word = ref s_vmids![vmid / VmidsInWord];
            ulong bit = 1ul << (vmid % VmidsInWord);
            if ((word & bit) == 0)
            {
                word |= bit;
                return vmid;
            }
        }

        return 0; // there are fewer VMs than that
    }

    private static Vm? Make(VmEntry entry, int gicVersion, MemoryAccount account, out ReadOnlySpan<byte> problem)
    {
        problem = "no memory for its stage-2 tables"u8;
        VmDefinition source = entry.Definition;
        var translation = new Stage2Translation();
        if (!PageTable.TryCreate(account, translation, Hypervisor.Stage2.InputBits, out PageTable? stage2))
        {
            account.Close();
            return null;
        }

        var memory = new GuestMemory(GuestMemoryMap.Ram, source.Memory, source.MemoryGuarantee, stage2!, account, Hypervisor.PageWriter);
        bool mapped = StolenTime.TryMap(memory, out ulong stolenTime);
        if (gicVersion == 2 && Hypervisor.Interrupts is GicV2 physical)
        {
            mapped &= memory.TryMapDevicePages(
                GuestMemoryMap.GicCpuInterface, physical.VirtualCpuInterface, GicDeactivationFrame.Offset, Stage2Attributes.Device);
        }

        if (!mapped)
        {
            memory.Release();
            StolenTime.Free(stolenTime);
            return null;
        }

        if (!TryMakeDisks(source.Disks, memory, out VmDisk[] disks, out problem))
        {
            memory.Release();
            StolenTime.Free(stolenTime);
            return null;
        }

        s_vcpuCount += source.VCpus;
        int vmid = TakeVmid();
        var vm = new Vm(entry, vmid, memory, Stage2Configuration.TableBase(stage2!.Root, vmid)) { Translation = translation, Disks = disks };
        translation.Table = vm.TranslationTable;
        vm.StolenTimePage = stolenTime;
        vm.Channels = new VmChannels(vm);
        int count = (int)source.VCpus;
        vm.Identification = MakeIdentification(gicVersion);
        vm.Power = new PowerStates(count);
        vm.Debugger = new VmDebugger(vm, count);
        vm.Bus = new MmioBus(BusCapacity);
        MakeInterrupts(vm, gicVersion, count);
        MakeDevices(vm, count);
        vm.VCpus = new VCpu[count];
        for (int i = 0; i < count; i++)
        {
            vm.VCpus[i] = new VCpu(vm, i, Hypervisor.Cpu(i % Hypervisor.CpuCount));
            Dispatcher.SetShare(vm.VCpus[i], source.Scheduling, source.VCpus);
        }

        return vm;
    }

    private static void MakeInterrupts(Vm vm, int gicVersion, int count)
    {
        var environment = new VmGicEnvironment();
        environment.Connect(vm);
        MmioBus bus = vm.Bus;
        var interfaces = new VirtualCpuInterface[count];
        if (gicVersion != Hypervisor.Interrupts.Version)
        {
            // No hardware lends the guest a CPU interface of that version.
            var trapped = new SoftwareCpuInterface[count];
            for (int i = 0; i < count; i++)
            {
                trapped[i] = new TrappedCpuInterface(Hypervisor.Interrupts);
                interfaces[i] = trapped[i];
            }

            vm.Gic = new VirtualGic(gicVersion, interfaces, environment);
            bus.TryAdd(GuestMemoryMap.GicCpuInterface, GicCpuFrame.Length, new GicCpuFrame(vm.Gic, trapped));
        }
        else
        {
            for (int i = 0; i < count; i++)
            {
                interfaces[i] = Hypervisor.VirtualInterface;
            }

            vm.Gic = new VirtualGic(gicVersion, interfaces, environment);
            if (gicVersion == 2)
            {
                bus.TryAdd(GuestMemoryMap.GicCpuInterface + GicDeactivationFrame.Offset, GicDeactivationFrame.Length, new GicDeactivationFrame(vm.Gic));
            }
        }

        vm.Gic.SetTraced(EventTrace.IsOn);
        bus.TryAdd(GuestMemoryMap.GicDistributor, GuestMemoryMap.GicDistributorSize, new GicDistributor(vm.Gic));
        if (gicVersion == 3)
        {
            bus.TryAdd(GuestMemoryMap.GicRedistributors, GuestMemoryMap.GicRedistributorSize * (ulong)count, new GicRedistributor(vm.Gic));
        }
    }

    private static void MakeDevices(Vm vm, int count)
    {
        var console = new VmConsole(Hypervisor.Console, vm.Id, vm.Name);
        vm.Console = console;
        vm.Uart = new Pl011Device(new VmInterruptLine(vm.Gic, GuestMemoryMap.UartInterrupt), console);
        console.Connect(vm.Uart);
        var clock = new Pl031Device(new VmInterruptLine(vm.Gic, GuestMemoryMap.ClockInterrupt), Hypervisor.Clock);
        vm.Gpio = new Pl061Device(new VmInterruptLine(vm.Gic, GuestMemoryMap.GpioInterrupt));

        MmioBus bus = vm.Bus;
        bus.TryAdd(GuestMemoryMap.Flash, GuestMemoryMap.FlashSize, new FlashBank());
        bus.TryAdd(GuestMemoryMap.Flash + GuestMemoryMap.FlashSize, GuestMemoryMap.FlashSize, new FlashBank());
        bus.TryAdd(GuestMemoryMap.Uart, GuestMemoryMap.UartSize, vm.Uart);
        bus.TryAdd(GuestMemoryMap.Clock, GuestMemoryMap.ClockSize, clock);
        bus.TryAdd(GuestMemoryMap.Gpio, GuestMemoryMap.GpioSize, vm.Gpio);
        MakeVirtioDevices(vm);
    }

    private static void MakeVirtioDevices(Vm vm)
    {
        vm.Virtio = new VirtioSlots();
        vm.Balloon = new BalloonDevice(vm.Memory);
        AddVirtioDevice(vm, 0, vm.Balloon);
        if (Seeds.MakeStream() is KeyStream stream)
        {
            AddVirtioDevice(vm, 1, new EntropyDevice(vm.Memory, new VmRandom(stream)));
        }

        for (int i = 0; i < vm.Disks.Length; i++)
        {
            AddVirtioDevice(vm, FirstDiskSlot + i, vm.Disks[i].Device);
        }

        vm.Bus.TryAdd(GuestMemoryMap.Virtio, GuestMemoryMap.VirtioSlotSize * GuestMemoryMap.VirtioSlots, vm.Virtio);
    }

    /// <summary>Makes the disks, all of them or none.</summary>
    private static bool TryMakeDisks(DiskDefinition[] definitions, GuestMemory memory, out VmDisk[] disks, out ReadOnlySpan<byte> problem)
    {
        problem = default;
        disks = new VmDisk[definitions.Length];
        for (int i = 0; i < disks.Length; i++)
        {
            VmDisk? disk = VmDisk.Make(definitions[i], memory, out problem);
            if (disk == null)
            {
                ReleaseDisks(disks, i);
                return false;
            }

            disks[i] = disk;
        }

        return true;
    }

    private static void ReleaseDisks(VmDisk[] disks, int count)
    {
        for (int i = 0; i < count; i++)
        {
            disks[i].Release();
        }
    }

    private static void AddVirtioDevice(Vm vm, int slot, VirtioDevice device)
    {
        var line = new VmInterruptLine(vm.Gic, GuestMemoryMap.VirtioFirstInterrupt + (uint)slot);
        vm.Virtio.Put(slot, new VirtioTransport(device, line, new DeviceWork(vm)));
    }

    /// <summary>The ID registers as this CPU has them, made into what a guest sees.</summary>
    private static IdentificationRegisters MakeIdentification(int gicVersion)
    {
        var raw = new ulong[64];
        IdentificationSnapshot.Read(raw);
        return new IdentificationRegisters(raw, gicVersion, Hypervisor.Stage2.InputBits);
    }
}

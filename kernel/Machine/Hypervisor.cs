using System;
using System.Diagnostics.CodeAnalysis;
using System.Runtime;
using System.Runtime.CompilerServices;
using System.Threading;
using Internal.Runtime;
using SharpVisor.Arch;
using SharpVisor.Console;
using SharpVisor.Cpu;
using SharpVisor.Debug;
using SharpVisor.Drivers;
using SharpVisor.Formats;
using SharpVisor.Interrupts;
using SharpVisor.Machine.Life;
using SharpVisor.Machine.Loading;
using SharpVisor.Memory;

namespace SharpVisor.Machine;

/// <summary>
/// The composition root: finds out what the machine has, makes the concrete objects, brings up the CPUs, makes the
/// VMs of the boot bundle, and ends the machine when the last of them has ended.
/// </summary>
internal static unsafe class Hypervisor
{
    private const int MaximumExtents = 64;
    internal const int MaximumCpus = 64;
    private const int MostTopNodes = 128; // QEMU's virt machine has 50
    private const int MostCompatibles = 256; // QEMU's virt machine has 61, a Raspberry Pi 4 about 150
    private const int SecondaryPatience = 10_000_000;

    // How long the guests of the first CPU have it between two pieces of work for the control channel: 100 us.
    private const ulong ChannelRestsInSecond = 10_000;
    private const int ExitClean = 0;
    private const int ExitVmFailed = 1;
    private const int ExitMachineFailed = 2;

    private static PageAllocator? s_pages;
    private static InterruptController? s_interrupts;
    private static Uart? s_uart;
    private static HostConsole? s_console;
    private static ControlServer? s_channel;
    private static MachineControl? s_control;
    private static MachineClock? s_clock;
    private static GuestLoader? s_loader;
    private static PageWriter? s_pageWriter;
    private static VirtualCpuInterface? s_virtualInterface;
    private static PhysicalCpu?[]? s_allCpus;
    private static PhysicalCpu?[]? s_cpus;
    private static int s_allCpuCount;
    private static int s_cpuCount;
    private static int s_reviewAsked;
    private static bool s_hasFailed;
    private static ulong s_consoleDue = HypervisorTimer.Never;
    private static ulong s_channelDue = HypervisorTimer.Never;

    /// <summary>Free memory.</summary>
    internal static PageAllocator Pages => s_pages!;

    /// <summary>The machine's interrupt controller.</summary>
    internal static InterruptController Interrupts => s_interrupts!;

    /// <summary>The serial line.</summary>
    internal static HostConsole Console => s_console!;

    /// <summary>The time of day.</summary>
    internal static MachineClock Clock => s_clock!;

    /// <summary>What puts guests into memory.</summary>
    internal static GuestLoader Loader => s_loader!;

    /// <summary>What writes the pages of guests.</summary>
    internal static PageWriter PageWriter => s_pageWriter!;

    /// <summary>The hardware's virtual CPU interface, which acts on the calling CPU. Only where the machine has a GIC.</summary>
    internal static VirtualCpuInterface VirtualInterface => s_virtualInterface!;

    /// <summary>Stage-2 translation as this machine's CPUs can do it.</summary>
    internal static Stage2Configuration Stage2 => new((int)SystemRegisters.ReadIdAa64mmfr0El1() & 15);

    /// <summary>CPUs that take part.</summary>
    internal static int CpuCount => s_cpuCount;

    /// <summary>A CPU that takes part, 0 to <see cref="CpuCount"/> - 1.</summary>
    internal static PhysicalCpu Cpu(int index) => s_cpus![index]!;

    /// <summary>The first CPU, from reset to its first guest.</summary>
    /// <param name="deviceTree">Address of the machine's device tree, as firmware gave it.</param>
    [DoesNotReturn]
    internal static void Run(ulong deviceTree)
    {
        Span<FdtCompatible> index = stackalloc FdtCompatible[MostCompatibles];
        Span<FdtNode> top = stackalloc FdtNode[MostTopNodes];
        if (!PhysicalTree.TryRead(deviceTree, index, top, out PhysicalTree tree, out FdtError error)
            && !PhysicalTree.TryRead(deviceTree = PhysicalTree.WhereQemuPutsIt, index, top, out tree, out _))
        {
            Fail(FdtErrorText.Describe(error));
        }

        PowerControl.HasFirmware = tree.HasFirmware();
        PowerControl.FindWorkarounds();
        if (!PowerControl.HasFirmware && Watchdog.TryProbe(tree.Reader, out Watchdog watchdog))
        {
            PowerControl.Watchdog = watchdog;
        }

        if (!ConsoleUart.TryProbe(tree.Reader, out s_uart, out FdtNode uart))
        {
            Fail("no PL011 UART in the device tree"u8);
        }

        Log.SetSink(s_uart!);
        if (!GicV3.TryProbe(tree.Reader, out s_interrupts) && !GicV2.TryProbe(tree.Reader, out s_interrupts)
            && !LocalInterruptController.TryProbe(tree.Reader, out s_interrupts))
        {
            Fail("no GICv3, no GICv2 with virtualization extensions and no BCM2836 interrupt controller in the device tree"u8);
        }

        DeviceInterrupt.TryGet(tree.Reader, uart, Interrupts, out uint uartInterrupt);
        s_uart!.Interrupt = uartInterrupt;

        Seeds.Begin(tree.Seed() == 0 && PowerControl.Watchdog.IsThere ? HardwareRandom.Read(tree.Reader) : tree.Seed(), tree.Entropy());
        FindMemory(tree, deviceTree);
        ulong clock = MachineClock.FindDevice(tree.Reader);
        BootCard.FindHosts(tree.Reader);
        StatusScreen.Find(tree.Reader);
        if (!HypervisorMap.TryMake(tree, Pages, Interrupts, out PageTable? map)
            || !HypervisorMap.MapDevice(map!, s_uart!.Address, PageTable.PageSize)
            || !HypervisorMap.MapDevice(map!, clock, PageTable.PageSize)
            || !BootCard.TryMap(map!)
            || !StatusScreen.TryMap(map!)
            || !HypervisorMap.MapDevice(map!, PowerControl.Watchdog.Address, PageTable.PageSize))
        {
            Fail("no memory for the hypervisor's page tables"u8);
        }

        PhysicalVirtio virtio = PhysicalVirtio.Find(tree, map!, Interrupts);
        PhysicalChannel channel = PhysicalChannel.Find(tree, map!, Interrupts, uart, virtio);
        FindCpus(tree, map!);
        Native.SwitchMap(map!.Root);
        ulong workspace = 0;
        if (!Pages.TryBegin() || !Pages.TryAllocate(GuestLoader.DeviceTreeRoom, PageTable.PageSize, out workspace))
        {
            Fail("no memory for the list of free memory and the loader"u8);
        }

        Interrupts.Initialise();
        CpuFeatures.Find();
        if (!PrepareCpu(Cpu(0)))
        {
            Fail("the interrupt controller has nothing for the first CPU"u8);
        }

        s_virtualInterface = MakeVirtualInterface();
        s_clock = MachineClock.Make(clock);
        s_loader = new GuestLoader(new Inflate(), (byte*)workspace);
        s_pageWriter = new PageWriter();
        PageScan.Initialise();
        VmTable.Initialise();
        VmFactory.Initialise();
        StatusScreen.Begin();
        LogHistory log = new();
        Log.SetHistory(log);
        s_control = new LocalMachine(log);
        s_console = new HostConsole(s_uart!, s_control);
        Log.SetSink(s_console.Terminal);
        s_uart!.EnableReceive();
        Interrupts.Enable(s_uart.Interrupt);
        if (channel.Open(tree, Pages) is ByteChannel bytes)
        {
            s_channel = new ControlServer(bytes, s_control);
            Interrupts.Enable(bytes.Interrupt);
        }

        PhysicalDisks.Start(virtio);
        StartSecondaries(map!.Root);
        Log.Line().Text("EL2 on "u8).Decimal((ulong)s_cpuCount).Text(s_cpuCount == 1 ? " CPU (MIDR "u8 : " CPUs (MIDR "u8)
            .Hex(SystemRegisters.ReadMidrEl1()).Text(Interrupts.Version switch
            {
                0 => "), no GIC, "u8,
                2 => "), GICv2, "u8,
                _ => "), GICv3, "u8,
            }).Decimal(Pages.FreeBytes >> 20).Text(" MiB free"u8).End();
        Dispatcher.Initialise(s_cpus!, s_cpuCount);
        StolenTime.Initialise();
        Channels.Initialise(VmTable.Capacity);
        Heap.Close();
        DefineVms(tree);
        StartVms();
        CpuLoop.Run(Cpu(0));
    }

    /// <summary>Another CPU, from its entry to its first guest.</summary>
    [DoesNotReturn]
    internal static void RunSecondary(int index)
    {
        PhysicalCpu cpu = s_allCpus![index]!;
        if (!PrepareCpu(cpu))
        {
            Log.Warning().Text("CPU "u8).Decimal((ulong)index).Text(" left out: the interrupt controller has nothing for it"u8).End();
            Native.Park();
        }

        while (!Dispatcher.IsReady)
        {
            Native.Yield();
        }

        CpuLoop.Run(cpu);
    }

    /// <summary>An interrupt of a physical device, or one by which CPUs ask for a review of the VMs.</summary>
    /// <param name="current">What the calling CPU was running.</param>
    /// <param name="interrupt">INTID.</param>
    internal static void HandleDeviceInterrupt(VCpu current, uint interrupt)
    {
        if (interrupt == s_uart!.Interrupt)
        {
            s_console!.Receive((VmConsole?)current.Vm?.Console, current.Index);
            ArmTick();
        }
        else if (interrupt == PhysicalCpu.ReviewSgi)
        {
            PassReview(current.Cpu);
        }
        else if (DeviceInterrupts.Handle(interrupt))
        {
            // Others may share its line.
            if (s_channel != null && interrupt == s_channel.Interrupt)
            {
                ArmChannel(s_channel.HandleInterrupt());
                ArmTick();
            }
        }
        else if (s_channel != null && interrupt == s_channel.Interrupt)
        {
            ArmChannel(s_channel.HandleInterrupt());
            ArmTick();
        }
        else
        {
            Interrupts.Disable(interrupt);
            Log.Warning().Text("interrupt "u8).Decimal(interrupt).Text(" has no driver: disabled"u8).End();
        }
    }

    /// <summary>Whether an interrupt is the serial line's.</summary>
    internal static bool IsSerialLine(uint interrupt) => interrupt == s_uart!.Interrupt;

    /// <summary>The console's second is over, a VM's time has come, or the control channel has rested. On the CPU that takes their interrupts.</summary>
    internal static void Tick()
    {
        ulong now = SystemRegisters.ReadCntpctEl0();
        if (s_consoleDue <= now)
        {
            s_consoleDue = HypervisorTimer.Never;
            s_console!.Tick(s_control!.Now);
        }

        if (s_channelDue <= now)
        {
            ArmChannel(s_channel!.Serve());
        }

        Review();
    }

    private static void ArmChannel(bool hasMore) => s_channelDue = hasMore
        ? SystemRegisters.ReadCntpctEl0() + (SystemRegisters.ReadCntfrqEl0() / ChannelRestsInSecond)
        : HypervisorTimer.Never;

    /// <summary>The VMs want to be looked at: one has left its CPUs, or something was asked of it.</summary>
    internal static void AskForReview()
    {
        if (Interlocked.Exchange(ref s_reviewAsked, 1) == 0)
        {
            Cpu(0).AskForReview();
        }
    }

    /// <summary>Bytes of memory that were free before anything was taken.</summary>
    internal static ulong TotalMemory { get; private set; }

    /// <summary>Takes memory for good.</summary>
    internal static bool TryTakePages(ulong length, out ulong address) => Pages.TryAllocate(length, PageTable.PageSize, out address);

    /// <summary>Ends the machine, whatever its VMs do.</summary>
    internal static void StopAll() => Stop(ExitClean);

    /// <summary>The console has nothing to show of a VM that was attached there, and says so.</summary>
    internal static void ForgetConsole(Vm vm) => s_console!.Forget((VmConsole)vm.Console);

    private static void PassReview(PhysicalCpu self)
    {
        bool isNews = GracePeriod.Pass(self);
        EventTrace.Apply(self);
        if (self == Cpu(0))
        {
            Volatile.Write(ref s_reviewAsked, 0);
            Review();
        }
        else if (isNews)
        {
            AskForReview();
        }
    }

    /// <summary>Lets the VMs' lives go on. When one has ended by itself and no other runs, the machine ends.</summary>
    private static void Review()
    {
        PhysicalDisks.Review();
        s_control!.Enter();
        if (VmTable.Review() && !VmTable.IsAnyAlive)
        {
            StopAfterVms();
        }

        for (int i = 0; i < VmTable.Count; i++)
        {
            VmEntry entry = VmTable.At(i);
            if (entry.Vm != null && entry.State is LifeState.Stopped or LifeState.Crashed && entry.RestartAt == VmLife.Never)
            {
                s_console!.LeaveEnded((VmConsole)entry.Vm.Console);
            }
        }

        MemoryPressure.Review();
        StatusScreen.Refresh();
        s_control.Exit();
        PageScan.Arm();
        ArmTick();
    }

    // The timer is the first CPU's own, so that only it may call this.
    private static void ArmTick()
    {
        s_control!.Enter();
        ulong next = VmTable.NextReview;
        s_control.Exit();
        if (!s_console!.WantsTick)
        {
            s_consoleDue = HypervisorTimer.Never;
        }
        else if (s_consoleDue == HypervisorTimer.Never)
        {
            s_consoleDue = SystemRegisters.ReadCntpctEl0() + SystemRegisters.ReadCntfrqEl0();
        }

        Cpu(0).Timer.SetTick(Math.Min(next, Math.Min(s_consoleDue, s_channelDue)));
    }

    private static void StopAfterVms() => Stop(s_hasFailed || VmTable.HasAnyCrashed ? ExitVmFailed : ExitClean);

    /// <summary>Ends the machine.</summary>
    [DoesNotReturn]
    internal static void Stop(int exitCode)
    {
        s_console?.Terminal.Close();
        Log.Error().Text("machine stopped, exit code "u8).Decimal((ulong)exitCode).End();
        PowerControl.Off();
        Log.Line("firmware cannot switch the machine off: switch it off by hand"u8);
        Native.Park();
    }

    [DoesNotReturn]
    private static void Fail(ReadOnlySpan<byte> reason)
    {
        if (!Log.HasSink)
        {
            Log.SetSink(ConsoleUart.Guess()); // no tree says where a UART is
        }

        Log.Error().Text("cannot start: "u8).Text(reason).End();
        Stop(ExitMachineFailed);
    }

    private static VirtualCpuInterface? MakeVirtualInterface()
    {
        if (Interrupts is GicV2 gic)
        {
            return new GicV2CpuInterface(gic);
        }

        return Interrupts.Version >= 3 ? new GicV3CpuInterface() : null;
    }

    private static void FindMemory(PhysicalTree tree, ulong deviceTree)
    {
        s_pages = new PageAllocator(MaximumExtents);
        tree.ForEachMemory(s_pages, &AddMemory);
        TotalMemory = s_pages.FreeBytes;
        bool reserved = s_pages.TryReserve(HypervisorMap.ImageStart(), HypervisorMap.ImageEnd() - HypervisorMap.ImageStart())
            && s_pages.TryReserve(deviceTree, (ulong)tree.Reader.TotalSize)
            && (!tree.TryGetRamdisk(out ulong ramdisk, out ulong ramdiskLength) || s_pages.TryReserve(ramdisk, ramdiskLength));
        tree.ReserveMemory(s_pages);
        ReserveVideoCoreMemory(tree);
        if (!reserved || s_pages.FreeBytes == 0)
        {
            Fail("no usable memory in the device tree"u8);
        }
    }

    /// <summary>A Raspberry Pi's VideoCore has the end of the first GiB, whatever the tree says.</summary>
    private static void ReserveVideoCoreMemory(PhysicalTree tree)
    {
        const ulong gib = 1ul << 30;
        if (Board.TryFind(tree.Reader, out _) && Mailbox.TryProbe(tree.Reader, out Mailbox? mailbox)
            && mailbox!.TryGetMemoryEnd(out ulong end) && end < gib)
        {
            Pages.TryReserve(end, gib - end);
        }
    }

    private static void AddMemory(PageAllocator pages, ulong start, ulong length)
    {
        const ulong reach = 1ul << HypervisorMap.AddressBits;
        if (start < reach)
        {
            pages.TryAdd(start, Math.Min(length, reach - start));
        }
    }

    private static void FindCpus(PhysicalTree tree, PageTable map)
    {
        Span<ulong> affinities = stackalloc ulong[MaximumCpus];
        Span<ulong> releaseAddresses = stackalloc ulong[MaximumCpus];
        int count = tree.GetCpus(affinities, releaseAddresses);
        if (count == 0)
        {
            Fail("no CPU in the device tree"u8);
        }

        s_allCpus = new PhysicalCpu?[count];
        s_cpus = new PhysicalCpu?[count];
        ulong self = SystemRegisters.ReadMpidrEl1() & PhysicalCpu.AffinityMask;
        s_allCpus[0] = new PhysicalCpu(0, self, Interrupts, BootStackTop(), EmergencyStackTop());
        s_allCpuCount = 1;
        for (int i = 0; i < count; i++)
        {
            ulong affinity = affinities[i];
            if (affinity != self && s_allCpuCount < count)
            {
                ulong release = map.TryTranslate(releaseAddresses[i], out _, out _) ? releaseAddresses[i] : 0;
                if (!PhysicalCpu.TryMake(s_allCpuCount, affinity, release, Interrupts, Pages, map, out PhysicalCpu? cpu))
                {
                    Fail("no memory for the CPUs' stacks"u8);
                }

                s_allCpus[s_allCpuCount++] = cpu;
            }
        }

        s_cpus[0] = s_allCpus[0];
        s_cpuCount = 1;
        if (!Start.IsLayoutAsAssemblyThinks(Cpu(0).Idle))
        {
            Panic.Stop("boot/layout.inc and GuestContext.cs disagree"u8);
        }
    }

    private static bool PrepareCpu(PhysicalCpu cpu)
    {
        if (!Interrupts.InitialiseCpu(cpu.Index, cpu.Affinity))
        {
            return false;
        }

        WorldSwitch.InitialiseCpu(cpu, Stage2.TranslationControl);
        Interrupts.Enable(InterruptNumbers.Maintenance);
        Interrupts.Enable(InterruptNumbers.HypervisorTimer);
        Interrupts.Enable(InterruptNumbers.VirtualTimer);
        cpu.OnlineSince = SystemRegisters.ReadCntpctEl0();
        cpu.IsOnline = true;
        return true;
    }

    /// <summary>Starts the other CPUs. Those that do not come up take no part.</summary>
    private static void StartSecondaries(ulong root)
    {
        for (int i = 1; i < s_allCpuCount; i++)
        {
            if (!PowerControl.TryStartCpu(s_allCpus![i]!, root))
            {
                Log.Warning().Text("CPU "u8).Decimal((ulong)i).Text(PowerControl.HasFirmware
                    ? ": firmware does not start it"u8
                    : ": no PSCI firmware and no spin table to start it"u8).End();
                s_allCpus![i] = null;
            }
        }

        for (int i = 1; i < s_allCpuCount; i++)
        {
            PhysicalCpu? cpu = s_allCpus![i];
            if (cpu == null)
            {
                continue;
            }

            for (int patience = 0; patience < SecondaryPatience && !cpu.IsOnline; patience++)
            {
                Native.Yield();
            }

            if (cpu.IsOnline)
            {
                s_cpus![s_cpuCount++] = cpu;
            }
            else
            {
                Log.Warning().Text("CPU "u8).Decimal((ulong)i).Text(": does not come up"u8).End();
            }
        }
    }

    private static void DefineVms(PhysicalTree tree)
    {
        if (tree.TryGetRamdisk(out ulong start, out ulong length))
        {
            if (length > int.MaxValue)
            {
                Fail("the boot bundle is larger than 2 GiB"u8);
            }

            s_hasFailed = !BootBundle.TryDefine(new ReadOnlySpan<byte>((void*)start, (int)length));
        }
        else if (BootCard.TryStart())
        {
            // Whatever is wrong with the card: a person can still use the console.
            if (BootCard.TryReadBundle(out ReadOnlySpan<byte> bundle))
            {
                BootBundle.TryDefine(bundle);
            }
        }
        else
        {
            Log.Line("no boot bundle: the embedded guest serves"u8);
            s_hasFailed = !BootBundle.TryDefineEmbedded();
        }
    }

    private static void StartVms()
    {
        s_control!.Enter();
        bool isAnyWanted = s_hasFailed;
        VmConsole? first = null;
        for (int i = 0; i < VmTable.Count; i++)
        {
            VmEntry entry = VmTable.At(i);
            if (!entry.Definition.Autostart)
            {
                continue;
            }

            isAnyWanted = true;
            s_hasFailed |= entry.Request(LifeRequest.Start) != LifeOutcome.Done;
            first ??= (VmConsole?)entry.Vm?.Console;
        }

        // Before the question who still runs: what a guest has said by then is to be read, however short it lived.
        if (first != null)
        {
            Console.Attach(first);
        }
        else
        {
            Console.Terminal.ShowPrompt();
        }

        if (isAnyWanted && !VmTable.IsAnyAlive)
        {
            StopAfterVms();
        }

        StatusScreen.Refresh();
        s_control.Exit();
    }

    [RuntimeImport("*", "boot_stack_top_address")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern ulong BootStackTop();

    [RuntimeImport("*", "emergency_stack_top_address")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern ulong EmergencyStackTop();
}

using SharpVisor.Arch;
using SharpVisor.Cpu;
using SharpVisor.Machine;

namespace SharpVisor.Console;

/// <summary>
/// The command <c>bench</c>: what some operations of the hypervisor take on this machine, by its counter. All of it
/// together takes some ten milliseconds; guests on this CPU wait for that long.
/// </summary>
internal static unsafe class MachineBench
{
    private const ulong Rounds = 4096;
    private const ulong PieceSize = 2 << 20;
    private const ulong PicosecondsPerSecond = 1_000_000_000_000;
    private const int FigureColumn = 46;

    private static SpinLock s_lock;

    /// <summary>Measures and reports. On a CPU whose guest's SIMD registers have been saved.</summary>
    internal static void Run(ConsoleWriter output)
    {
        output.Use(Paint.Strong).Text("OPERATION"u8).Before(FigureColumn, 4).Text("TIME"u8).Use(Paint.Plain).End();
        ulong start = SystemRegisters.ReadCntpctEl0();
        for (ulong i = 0; i < Rounds; i++)
        {
            SystemRegisters.ReadCntpctEl0();
        }

        Report(output, "counter read"u8, start, Rounds);

        start = SystemRegisters.ReadCntpctEl0();
        for (ulong i = 0; i < Rounds; i++)
        {
            s_lock.Enter();
            s_lock.Exit();
        }

        Report(output, "lock taken and given back"u8, start, Rounds);
        MeasureSwitch(output);

        start = SystemRegisters.ReadCntpctEl0();
        for (ulong i = 0; i < Rounds; i++)
        {
            Trap.Rarely(&DoNothing, VCpu.Current, 0, 0, 0);
        }

        Report(output, "call that keeps a guest's SIMD state"u8, start, Rounds);

        start = SystemRegisters.ReadCntpctEl0();
        for (ulong i = 0; i < Rounds; i++)
        {
            Native.FlushGuestOnThisCpu();
        }

        Report(output, "TLB flush of a guest, this CPU alone"u8, start, Rounds);
        MeasureMemory(output);
    }

    /// <summary>The state of the guest on this CPU, saved and loaded again: what a switch between guests moves.</summary>
    private static void MeasureSwitch(ConsoleWriter output)
    {
        VCpu? resident = VCpu.Current.Cpu.Resident;
        if (resident == null)
        {
            return;
        }

        SystemContext context = resident.System!;
        ulong configuration = SystemRegisters.ReadHcrEl2(); // it also holds the interrupt line of a CPU interface in software
        ulong start = SystemRegisters.ReadCntpctEl0();
        for (ulong i = 0; i < Rounds; i++)
        {
            context.Save(null);
            context.Load();
        }

        SystemRegisters.WriteHcrEl2(configuration);
        Barrier.Instruction();
        Report(output, "guest's state saved and loaded"u8, start, Rounds);
    }

    private static void MeasureMemory(ConsoleWriter output)
    {
        ulong start = SystemRegisters.ReadCntpctEl0();
        if (!Hypervisor.Pages.TryAllocateZeroed(PieceSize, PieceSize, out ulong piece))
        {
            output.Line("no 2 MiB of memory are free: clearing was not measured"u8);
            return;
        }

        ulong ticks = SystemRegisters.ReadCntpctEl0() - start;
        Hypervisor.Pages.Free(piece, PieceSize);
        output.Text("memory cleared"u8).Decimal((PieceSize >> 20) * SystemRegisters.ReadCntfrqEl0() / (ticks == 0 ? 1 : ticks), FigureColumn)
            .Line(" MiB/s"u8);
    }

    private static VCpu DoNothing(VCpu vcpu, ulong unused1, ulong unused2, ulong unused3) => vcpu;

    private static void Report(ConsoleWriter output, System.ReadOnlySpan<byte> operation, ulong start, ulong rounds)
    {
        ulong ticks = SystemRegisters.ReadCntpctEl0() - start;
        ulong picoseconds = ticks * (PicosecondsPerSecond / SystemRegisters.ReadCntfrqEl0()) / rounds;
        output.Text(operation).Decimal(picoseconds / 1000, FigureColumn).Line(" ns"u8);
    }
}

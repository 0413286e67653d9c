using SharpVisor.Arch;
using SharpVisor.Cpu;
using SharpVisor.Machine.Ram;

namespace SharpVisor.Machine;

/// <summary>
/// When pages that could be one are looked for: some at a time, many times a second, on the first CPU; less often while a
/// whole round has found nothing; never while no VM allows it.
/// </summary>
internal static class PageScan
{
    private const int PagesPerStep = 32; // some 80,000 instructions
    private const ulong StepsPerSecond = 200;
    private const ulong QuietStepsPerSecond = 25;

    private static PageSharing? s_sharing;
    private static uint s_round;
    private static ulong s_found;
    private static bool s_isQuiet;

    /// <summary>The VMs that share pages.</summary>
    internal static PageSharing Sharing => s_sharing!;

    /// <summary>Prepares, while the start-up region is open.</summary>
    internal static void Initialise() => s_sharing = new PageSharing(Hypervisor.Pages, VmTable.Capacity);

    /// <summary>A VM allows it. False where there is no memory for the tables.</summary>
    internal static bool TryJoin(GuestMemory memory)
    {
        bool hasJoined = Sharing.TryJoin(memory, Hypervisor.TotalMemory);
        Hypervisor.AskForReview(); // which sets the first CPU's timer
        return hasJoined;
    }

    /// <summary>Begins where there is something to look at and it is not under way. On the first CPU.</summary>
    internal static void Arm()
    {
        HypervisorTimer timer = Hypervisor.Cpu(0).Timer;
        if (Sharing.IsActive && !timer.IsScanSet)
        {
            ulong steps = s_isQuiet ? QuietStepsPerSecond : StepsPerSecond;
            timer.SetScan(SystemRegisters.ReadCntpctEl0() + (SystemRegisters.ReadCntfrqEl0() / steps));
        }
    }

    /// <summary>The time has come. On the first CPU.</summary>
    internal static void Step()
    {
        Sharing.Step(PagesPerStep);
        if (Sharing.Rounds != s_round)
        {
            s_round = Sharing.Rounds;
            s_isQuiet = Sharing.Found == s_found;
            s_found = Sharing.Found;
        }

        Arm();
    }
}

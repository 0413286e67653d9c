using System.Threading;
using SharpVisor.Cpu;

namespace SharpVisor.Machine;

/// <summary>
/// When memory may be given back that CPUs found through a VM: a CPU that puts the last VCpu aside still looks at the VM
/// afterwards. Interrupts are taken only in a guest, or between guests with nothing in hand. So when every CPU has taken
/// one, none holds on to anything but what is resident on it.
/// </summary>
internal static class GracePeriod
{
    private static int s_begun;

    /// <summary>Begins one. Call in the context of an interrupt, with the lock of the machine's control.</summary>
    /// <returns>Its number.</returns>
    internal static int Begin()
    {
        int number = Volatile.Read(ref s_begun) + 1;
        Volatile.Write(ref s_begun, number);
        PhysicalCpu self = VCpu.Current.Cpu;
        for (int i = 0; i < Hypervisor.CpuCount; i++)
        {
            PhysicalCpu cpu = Hypervisor.Cpu(i);
            if (cpu == self)
            {
                cpu.PassedGrace = number;
            }
            else
            {
                cpu.AskForReview();
            }
        }

        return number;
    }

    /// <summary>A CPU has taken an interrupt. True where somebody may have waited for that.</summary>
    internal static bool Pass(PhysicalCpu cpu)
    {
        int begun = Volatile.Read(ref s_begun);
        bool isNews = cpu.PassedGrace != begun;
        cpu.PassedGrace = begun;
        return isNews;
    }

    /// <summary>Whether every CPU has taken an interrupt since a period began.</summary>
    internal static bool IsOver(int number)
    {
        for (int i = 0; i < Hypervisor.CpuCount; i++)
        {
            if (Hypervisor.Cpu(i).PassedGrace - number < 0)
            {
                return false;
            }
        }

        return true;
    }
}

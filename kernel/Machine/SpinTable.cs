using System.Runtime;
using System.Runtime.CompilerServices;
using SharpVisor.Arch;

namespace SharpVisor.Machine;

/// <summary>
/// CPUs without firmware's help: each waits for the address where it shall go on to appear at its
/// <c>cpu-release-addr</c> (Devicetree Specification 0.4, 3.8.1). It comes with nothing in its registers, so it looks for
/// its start block in a list.
/// </summary>
internal static unsafe class SpinTable
{
    private const int MaximumCpus = 8; // boot/layout.inc: SPIN_TABLE_CPUS

    private static int s_count;

    /// <summary>Lets a CPU start. False where the list is full.</summary>
    /// <param name="affinity">Its MPIDR_EL1 affinity fields.</param>
    /// <param name="release">Where it waits for an address; mapped as ordinary memory.</param>
    /// <param name="start">Address of its <see cref="Cpu.SecondaryStart"/>, which is in memory for CPUs without caches too.</param>
    internal static bool TryStart(ulong affinity, ulong release, ulong start)
    {
        if (s_count == MaximumCpus)
        {
            return false;
        }

        var entry = (ulong*)List() + (2 * s_count++);
        entry[0] = affinity;
        entry[1] = start;
        Native.CleanToCoherency((ulong)entry, 2 * sizeof(ulong));
        *(ulong*)release = Entry();
        Native.CleanToCoherency(release, sizeof(ulong));
        Native.SendEvent();
        return true;
    }

    [RuntimeImport("*", "spin_table_list_address")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern ulong List();

    [RuntimeImport("*", "spin_table_entry_address")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern ulong Entry();
}

using System.Runtime.CompilerServices;
using SharpVisor.Arch;
using SharpVisor.Machine;
using SharpVisor.Machine.Loading;
using SharpVisor.Machine.Ram;
using SharpVisor.Memory;

namespace SharpVisor.Cpu;

/// <summary>
/// Stolen time as guests see it (DEN0057, "Paravirtualized Time for Arm-based Systems"): a page of a record for each VCpu,
/// which the guest may only read. A record is written when its VCpu is loaded; between loads a VCpu waits for nobody.
/// </summary>
internal static unsafe class StolenTime
{
    // A record: revision (0) and attributes (0), 32 bits each, then the nanoseconds, 64 bits; records are 64 bytes apart.
    private const ulong RecordSize = 64;
    private const ulong TimeOffset = 8;

    private static NanosecondScale s_scale;

    /// <summary>Before the first VM.</summary>
    internal static void Initialise() => s_scale = new NanosecondScale(SystemRegisters.ReadCntfrqEl0());

    /// <summary>Makes the page and maps it. False where there is no memory; then nothing is held.</summary>
    internal static bool TryMap(GuestMemory memory, out ulong page)
    {
        if (!Hypervisor.Pages.TryAllocateZeroed(PageTable.PageSize, PageTable.PageSize, out page))
        {
            return false;
        }

        Native.CleanToCoherency(page, PageTable.PageSize);
        if (memory.TryMapDevicePages(GuestMemoryMap.StolenTime, page, PageTable.PageSize, Stage2Attributes.ReadOnlyData))
        {
            return true;
        }

        Free(page);
        page = 0;
        return false;
    }

    /// <summary>Gives the page back. Nothing may be mapped to it any more; 0 is none.</summary>
    internal static void Free(ulong page)
    {
        if (page != 0)
        {
            Hypervisor.Pages.Free(page, PageTable.PageSize);
        }
    }

    /// <summary>The VM of a VCpu is powered on: nothing has been stolen.</summary>
    internal static void Begin(VCpu vcpu)
    {
        vcpu.StealTimeAtStart = vcpu.Entity!.StealTime;
        *vcpu.StolenRecord = 0;
    }

    /// <summary>Where the hypervisor writes a VCpu's time.</summary>
    internal static ulong* RecordOf(ulong page, int vcpu) => (ulong*)(page + ((ulong)vcpu * RecordSize) + TimeOffset);

    /// <summary>Where the guest finds a VCpu's record: the answer of PV_TIME_ST.</summary>
    internal static ulong AddressOf(int vcpu) => GuestMemoryMap.StolenTime + ((ulong)vcpu * RecordSize);

    /// <summary>Tells the guest of a VCpu that is being loaded how long others have kept it waiting since its VM was powered on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Update(VCpu vcpu) => *vcpu.StolenRecord = s_scale.Convert(vcpu.Entity!.StealTime - vcpu.StealTimeAtStart);
}

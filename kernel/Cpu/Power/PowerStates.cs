using System.Threading;

namespace SharpVisor.Cpu;

/// <summary>Which VCpus of a VM are on, in PSCI's terms (DEN0022, 5.1.4 to 5.1.7 and 6.6).</summary>
/// <remarks>
/// Every VCpu goes round one way: OFF → ON_PENDING (somebody's CPU_ON won) → ON (its CPU has taken it up) → OFF (its
/// CPU has put it down). Each step is one compare-and-exchange, so that of several callers exactly one makes it,
/// and a step that comes too late (a reset came between) does nothing.
/// </remarks>
public sealed class PowerStates
{
    private const int Off = 0;
    private const int OnPending = 1;
    private const int On = 2;

    // What AFFINITY_INFO returns.
    private const long InfoOn = 0;
    private const long InfoOff = 1;
    private const long InfoOnPending = 2;

    // Aff3 in 39:32, Aff2 in 23:16, Aff1 in 15:8, Aff0 in 7:0.
    private const ulong AffinityMask = 0xff_00ff_ffff;

    private const int ClusterBits = 4;
    private const int ClusterMask = (1 << ClusterBits) - 1;

    private readonly int[] _states;

    /// <summary>Makes the states of <paramref name="count"/> VCpus, all off.</summary>
    /// <param name="count">1 to 4096: two affinity levels, 16 VCpus to a cluster.</param>
    public PowerStates(int count) => _states = new int[count];

    /// <summary>Whether any VCpu is on or about to be; where none is, nothing can ever turn one on.</summary>
    public bool IsAnyOn
    {
        get
        {
            for (int i = 0; i < _states.Length; i++)
            {
                if (Volatile.Read(ref _states[i]) != Off)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>
    /// MPIDR_EL1 affinity fields of a VCpu: Aff0 within a cluster of 16 (as many as a GICv3 SGI reaches with one
    /// write), Aff1 the cluster; the same numbers as on QEMU's virt machine.
    /// </summary>
    public static ulong AffinityOf(int index) => ((ulong)(uint)(index >> ClusterBits) << 8) | (uint)(index & ClusterMask);

    /// <summary>The state at power-on: VCpu 0 is about to start, the others are off.</summary>
    public void Reset()
    {
        for (int i = 1; i < _states.Length; i++)
        {
            Volatile.Write(ref _states[i], Off);
        }

        Volatile.Write(ref _states[0], OnPending);
    }

    /// <summary>CPU_ON: claims a VCpu that is off. On success the caller starts it.</summary>
    /// <param name="target">Affinity fields of the VCpu; every other bit must be 0 (the 32-bit call masks before).</param>
    /// <param name="isEntryValid">Whether the entry address is one to start at.</param>
    /// <param name="index">The VCpu to start; only set on success.</param>
    /// <returns>
    /// SUCCESS, INVALID_PARAMETERS, INVALID_ADDRESS, or ALREADY_ON. A VCpu is on to its guest from the call that
    /// succeeded: that its CPU takes it up a little later is no business of a second caller, and kernels that
    /// know only ALREADY_ON are right not to expect ON_PENDING.
    /// </returns>
    public long CpuOn(ulong target, bool isEntryValid, out int index)
    {
        if (!TryFind(target, out index))
        {
            return PsciResult.InvalidParameters;
        }

        if (Volatile.Read(ref _states[index]) != Off)
        {
            return PsciResult.AlreadyOn;
        }

        if (!isEntryValid)
        {
            return PsciResult.InvalidAddress;
        }

        return Interlocked.CompareExchange(ref _states[index], OnPending, Off) == Off ? PsciResult.Success : PsciResult.AlreadyOn;
    }

    /// <summary>A VCpu's CPU has taken it up.</summary>
    public void ConfirmOn(int index) => Interlocked.CompareExchange(ref _states[index], On, OnPending);

    /// <summary>No CPU takes up the VCpu that <see cref="CpuOn"/> has claimed: it is off again.</summary>
    public void CancelOn(int index) => Interlocked.CompareExchange(ref _states[index], Off, OnPending);

    /// <summary>A VCpu's CPU has put it down after CPU_OFF: it runs no more and may be started again.</summary>
    public void ConfirmOff(int index) => Interlocked.CompareExchange(ref _states[index], Off, On);

    /// <summary>AFFINITY_INFO: whether a VCpu, or any of a group, is on.</summary>
    /// <param name="target">Affinity fields; those below <paramref name="lowestLevel"/> are ignored.</param>
    /// <param name="lowestLevel">0 for one VCpu, up to 3 for all with the same Aff3.</param>
    /// <returns>0 on, 1 off, 2 about to be on, or INVALID_PARAMETERS where nothing is there.</returns>
    public long AffinityInfo(ulong target, ulong lowestLevel)
    {
        if (lowestLevel > 3 || (target & ~AffinityMask) != 0)
        {
            return PsciResult.InvalidParameters;
        }

        ulong compared = lowestLevel switch
        {
            0 => AffinityMask,
            1 => AffinityMask & ~0xfful,
            2 => AffinityMask & ~0xfffful,
            _ => AffinityMask & ~0xff_fffful,
        };
        long result = PsciResult.InvalidParameters;
        for (int i = 0; i < _states.Length; i++)
        {
            if (((AffinityOf(i) ^ target) & compared) != 0)
            {
                continue;
            }

            int state = Volatile.Read(ref _states[i]);
            if (state == On)
            {
                return InfoOn;
            }

            if (state == OnPending)
            {
                result = InfoOnPending;
            }
            else if (result != InfoOnPending)
            {
                result = InfoOff;
            }
        }

        return result;
    }

    private bool TryFind(ulong affinity, out int index)
    {
        index = (int)(affinity >> 8 & 0xff) << ClusterBits | (int)(affinity & ClusterMask);
        return index < _states.Length && AffinityOf(index) == affinity;
    }
}

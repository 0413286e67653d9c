using System.Threading;

namespace SharpVisor.Cpu;

/// <summary>
/// The last marks of a VM. Its VCpus add to it at any time without a lock; a reader leaves out what is being written
/// while it looks.
/// </summary>
/// <remarks>Adding is free of SIMD and allocation: it is part of the fast way of a hypercall.</remarks>
public sealed class MarkRing
{
    /// <summary>Marks that are kept.</summary>
    public const int Capacity = 64;

    private readonly Mark[] _marks = new Mark[Capacity];
    private readonly ulong[] _written = new ulong[Capacity]; // position + 1 of what stands there; 0: nothing
    private ulong _end;

    /// <summary>Marks that were ever added, as a position: the last one is before it.</summary>
    public ulong End => Volatile.Read(ref _end);

    /// <summary>Adds one. Where more than <see cref="Capacity"/> are being added at once, some are lost.</summary>
    public void Add(ulong time, int vcpu, uint number, ulong value)
    {
        ulong position = Interlocked.Increment(ref _end) - 1;
        var place = (int)(position % Capacity);
        Volatile.Write(ref _written[place], position); // not what a reader wants, until it is whole
        Interlocked.MemoryBarrier();
        ref Mark mark = ref _marks[place];
        mark.Time = time;
        mark.Value = value;
        mark.Number = number;
        mark.VCpu = vcpu;
        Volatile.Write(ref _written[place], position + 1);
    }

    /// <summary>Reads one of the last <see cref="Capacity"/> before <see cref="End"/>.</summary>
    /// <returns>False where it is not there any more, or not yet.</returns>
    public bool TryGet(ulong position, out Mark mark)
    {
        var place = (int)(position % Capacity);
        ulong expected = position + 1;
        bool whole = expected != 0 && Volatile.Read(ref _written[place]) == expected;
        mark = _marks[place];
        Interlocked.MemoryBarrier();
        return whole && Volatile.Read(ref _written[place]) == expected;
    }
}

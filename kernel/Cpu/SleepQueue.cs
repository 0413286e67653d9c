namespace SharpVisor.Cpu;

/// <summary>
/// VCpus that sleep on no CPU until a time: a heap, the earliest on top. Each knows its place, so that it can be taken
/// out when something else wakes it.
/// </summary>
/// <remarks>Under the lock of <see cref="Dispatcher"/>.</remarks>
internal sealed class SleepQueue
{
    private readonly VCpu?[] _heap;
    private int _count;

    /// <summary>Makes an empty queue with room for so many.</summary>
    internal SleepQueue(int capacity) => _heap = new VCpu?[capacity];

    /// <summary>When the first one is due; <see cref="HypervisorTimer.Never"/> where there is none.</summary>
    internal ulong NextDue { get; private set; } = HypervisorTimer.Never;

    /// <summary>Puts a VCpu in, which is in no queue. There is always room: the capacity is that of the machine.</summary>
    internal void Add(VCpu vcpu, ulong time)
    {
        vcpu.WakeTime = time;
        vcpu.SleepsIn = this;
        Rise(_count++, vcpu);
        NoteFirst();
    }

    /// <summary>Takes a VCpu out that is in this queue.</summary>
    internal void Remove(VCpu vcpu)
    {
        vcpu.SleepsIn = null;
        VCpu last = _heap[--_count]!;
        _heap[_count] = null;
        if (last != vcpu)
        {
            int place = vcpu.SleepPlace;
            Sink(place, last);
            Rise(last.SleepPlace, last);
        }

        NoteFirst();
    }

    /// <summary>Takes out the first one that is due.</summary>
    internal bool TryTakeDue(ulong now, out VCpu? vcpu)
    {
        vcpu = null;
        if (NextDue > now || _count == 0)
        {
            return false;
        }

        vcpu = _heap[0];
        Remove(vcpu!);
        return true;
    }

    private void NoteFirst() => NextDue = _count == 0 ? HypervisorTimer.Never : _heap[0]!.WakeTime;

    private void Rise(int place, VCpu vcpu)
    {
        while (place > 0)
        {
            int parent = (place - 1) / 2;
            if (_heap[parent]!.WakeTime <= vcpu.WakeTime)
            {
                break;
            }

            Put(place, _heap[parent]!);
            place = parent;
        }

        Put(place, vcpu);
    }

    private void Sink(int place, VCpu vcpu)
    {
        while (true)
        {
            int child = (2 * place) + 1;
            if (child >= _count)
            {
                break;
            }

            if (child + 1 < _count && _heap[child + 1]!.WakeTime < _heap[child]!.WakeTime)
            {
                child++;
            }

            if (vcpu.WakeTime <= _heap[child]!.WakeTime)
            {
                break;
            }

            Put(place, _heap[child]!);
            place = child;
        }

        Put(place, vcpu);
    }

    private void Put(int place, VCpu vcpu)
    {
        _heap[place] = vcpu;
        vcpu.SleepPlace = place;
    }
}

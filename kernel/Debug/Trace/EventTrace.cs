using System.Runtime;
using System.Runtime.CompilerServices;
using System.Threading;
using SharpVisor.Arch;
using SharpVisor.Cpu;
using SharpVisor.Machine;

namespace SharpVisor.Debug;

/// <summary>
/// Writes down what happens on each CPU, while somebody wants it. While nobody does it costs nothing on the way out of a guest and
/// back: CPUs are led to another table of vectors by it (boot/vectors.S). Free of SIMD but for <see cref="TrySet"/> and
/// <see cref="Sample"/>.
/// </summary>
internal static unsafe class EventTrace
{
    private const int VCpuShift = 8;
    private const int VmShift = 16;
    private const int MostCallers = 32;

    private static bool s_isOn;
    private static ulong s_samplePeriod;

    /// <summary>Whether events are written down.</summary>
    internal static bool IsOn => Volatile.Read(ref s_isOn);

    /// <summary>Ticks between two looks at what guests do; 0 for none.</summary>
    internal static ulong SamplePeriod => Volatile.Read(ref s_samplePeriod);

    /// <summary>The second word of records about a VCpu, with kind and detail 0.</summary>
    internal static ulong NameOf(int vm, int vcpu) => ((ulong)(ushort)vm << VmShift) | ((ulong)(uint)vcpu << VCpuShift);

    /// <summary>Adds a record to the calling CPU's; not without <see cref="PhysicalCpu.IsTraced"/>, unless it has room.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Write(PhysicalCpu cpu, TraceKind kind, VCpu vcpu, ulong first, ulong second) =>
        Add(cpu.StackTop, vcpu.TraceName | (uint)kind, first, second);

    /// <summary>Says what is written down from now on. Called by one at a time, as <see cref="VmTable"/> is used.</summary>
    /// <param name="isOn">Whether events are.</param>
    /// <param name="samplePeriod">Ticks between two samples of each CPU, 0 for none.</param>
    /// <returns>False where there is no memory for it: then nothing is changed.</returns>
    internal static bool TrySet(bool isOn, ulong samplePeriod)
    {
        for (int i = 0; i < Hypervisor.CpuCount && (isOn || samplePeriod != 0); i++)
        {
            TraceRing ring = Hypervisor.Cpu(i).Trace;
            if (!ring.HasRoom)
            {
                if (!Hypervisor.TryTakePages(TraceRing.Length, out ulong room))
                {
                    return false;
                }

                ring.GiveRoom(room); // for good: another CPU may be in the middle of a record at any time
            }
        }

        Volatile.Write(ref s_isOn, isOn);
        Volatile.Write(ref s_samplePeriod, samplePeriod);
        for (int i = 0; i < VmTable.Count; i++)
        {
            VmTable.At(i).Vm?.Gic.SetTraced(isOn);
        }

        for (int i = 0; i < Hypervisor.CpuCount; i++)
        {
            if (Hypervisor.Cpu(i).IsOnline)
            {
                Hypervisor.Cpu(i).AskForReview();
            }
        }

        return true;
    }

    /// <summary>The calling CPU does what <see cref="TrySet"/> has asked for.</summary>
    internal static void Apply(PhysicalCpu cpu)
    {
        bool isOn = IsOn;
        if (cpu.IsTraced != isOn)
        {
            cpu.IsTraced = isOn;
            SetVectors(isOn ? 1u : 0);
        }

        cpu.Timer.StartSamples(SamplePeriod);
    }

    /// <summary>Notes what a guest does that has just been interrupted, and by whose call: as far as its frame records lead.</summary>
    internal static void Sample(VCpu vcpu)
    {
        ulong stack = vcpu.Cpu.StackTop;
        Add(stack, vcpu.TraceName | (uint)TraceKind.Sample, vcpu.Pc, vcpu.Pstate);
        bool asEl0 = (vcpu.Pstate & ProcessorState.ModeMask) == 0;
        ulong frame = vcpu.X29;
        ulong kept = 0;
        for (int i = 0; i < MostCallers && frame % sizeof(ulong) == 0 && GuestTranslation.TryRead(vcpu, asEl0, frame + sizeof(ulong), out ulong caller) && caller != 0; i++)
        {
            if (i % 2 != 0)
            {
                Add(stack, vcpu.TraceName | (uint)TraceKind.Callers, kept, caller);
                caller = 0;
            }

            kept = caller;
            ulong before = frame;
            if (!GuestTranslation.TryRead(vcpu, asEl0, frame, out frame) || frame == before)
            {
                break;
            }
        }

        if (kept != 0)
        {
            Add(stack, vcpu.TraceName | (uint)TraceKind.Callers, kept, 0);
        }
    }

    [RuntimeImport("*", "trace_record")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void Add(ulong stackTop, ulong what, ulong first, ulong second);

    [RuntimeImport("*", "set_vectors")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void SetVectors(ulong areTraced);
}

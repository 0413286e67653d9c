using SharpVisor.Arch;

namespace SharpVisor.Drivers;

/// <summary>The end of a wait for hardware, by the system counter.</summary>
internal readonly struct Deadline
{
    private const ulong FrequencyWhereUnknown = 19_200_000;

    private readonly ulong _start;
    private readonly ulong _ticks;

    private Deadline(ulong ticks)
    {
        _start = SystemRegisters.ReadCntpctEl0();
        _ticks = ticks;
    }

    /// <summary>Whether it has passed.</summary>
    internal bool IsOver => SystemRegisters.ReadCntpctEl0() - _start >= _ticks;

    /// <summary>One that passes after so many milliseconds.</summary>
    internal static Deadline After(ulong milliseconds)
    {
        ulong frequency = SystemRegisters.ReadCntfrqEl0();
        return new Deadline((frequency == 0 ? FrequencyWhereUnknown : frequency) * milliseconds / 1000);
    }

    /// <summary>Waits so many milliseconds.</summary>
    internal static void Wait(ulong milliseconds)
    {
        Deadline end = After(milliseconds);
        while (!end.IsOver)
        {
        }
    }
}

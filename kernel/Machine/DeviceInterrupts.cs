using SharpVisor.Drivers;

namespace SharpVisor.Machine;

/// <summary>Whose interrupt it is: drivers by INTID, of which several may share one (the pins of PCI functions).</summary>
internal static class DeviceInterrupts
{
    private const int Most = 32;

    private static Entry[]? s_entries;
    private static int s_count;

    /// <summary>Lets a driver know of an interrupt from now on. At start-up. False where there is no room.</summary>
    internal static bool TryAdd(uint interrupt, InterruptHandler handler)
    {
        s_entries ??= new Entry[Most];
        if (s_count == Most)
        {
            return false;
        }

        s_entries[s_count].Interrupt = interrupt;
        s_entries[s_count++].Handler = handler;
        Hypervisor.Interrupts.Enable(interrupt);
        return true;
    }

    /// <summary>Tells all drivers of an interrupt. False where it is nobody's.</summary>
    internal static bool Handle(uint interrupt)
    {
        bool isKnown = false;
        for (int i = 0; i < s_count; i++)
        {
            if (s_entries![i].Interrupt == interrupt)
            {
                isKnown = true;
                s_entries![i].Handler!.HandleInterrupt();
            }
        }

        return isKnown;
    }

    private struct Entry
    {
        internal uint Interrupt;
        internal InterruptHandler? Handler;
    }
}

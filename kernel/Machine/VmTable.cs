using System;
using SharpVisor.Arch;
using SharpVisor.Machine.Life;

namespace SharpVisor.Machine;

/// <summary>All VMs, in the order of their numbers. Nothing else keeps a VM: what is not in here is given back.</summary>
/// <remarks>Under the lock of the machine's control, once there are guests.</remarks>
internal static class VmTable
{
    internal const int Capacity = 128;

    private static VmEntry?[]? s_entries;
    private static int s_count;
    private static int s_lastId;

    /// <summary>Number of VMs, in whatever state.</summary>
    internal static int Count => s_count;

    /// <summary>Whether there is room for no other.</summary>
    internal static bool IsFull => s_count == Capacity;

    /// <summary>Room for so many others.</summary>
    internal static int Room => Capacity - s_count;

    /// <summary>Begins as an empty table, while the start-up region is open.</summary>
    internal static void Initialise() => s_entries = new VmEntry?[Capacity];

    /// <summary>A number that no VM ever had.</summary>
    internal static int NextId() => ++s_lastId;

    /// <summary>A VM by its place, 0 to <see cref="Count"/> - 1.</summary>
    internal static VmEntry At(int place) => s_entries![place]!;

    /// <summary>A VM by its number; null where there is none.</summary>
    internal static VmEntry? Find(int id)
    {
        for (int i = 0; i < s_count; i++)
        {
            VmEntry entry = s_entries![i]!;
            if (entry.Id == id && !entry.IsLeavingForGood)
            {
                return entry;
            }
        }

        return null;
    }

    /// <summary>Whether there is a VM of that name, be it one that is about to vanish.</summary>
    internal static bool HasName(ReadOnlySpan<byte> name)
    {
        for (int i = 0; i < s_count; i++)
        {
            if (name.SequenceEqual(s_entries![i]!.Definition.Name))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Takes up a VM, behind all others. There must be room.</summary>
    internal static void Add(VmEntry entry) => s_entries![s_count++] = entry;

    /// <summary>Takes a VM out.</summary>
    internal static void Remove(VmEntry entry)
    {
        int place = 0;
        while (s_entries![place] != entry)
        {
            place++;
        }

        s_count--;
        for (int i = place; i < s_count; i++)
        {
            s_entries[i] = s_entries[i + 1];
        }

        s_entries[s_count] = null;
    }

    /// <summary>Lets every VM go on where it waited. True where one has come to an end that no person wanted.</summary>
    internal static bool Review()
    {
        bool ended = false;
        for (int i = s_count - 1; i >= 0; i--)
        {
            VmEntry entry = s_entries![i]!;
            int before = s_count;
            if (entry.Vm is Vm vm)
            {
                vm.ReleaseKey(SystemRegisters.ReadCntpctEl0());
                vm.WorkOnDisks();
            }

            entry.Review();
            entry.Vm?.Debugger.Review(entry);
            ended |= s_count == before && entry.TakeEndedByItself();
        }

        return ended;
    }

    /// <summary>When a VM has to be reviewed next; <see cref="VmLife.Never"/> where no time is known.</summary>
    internal static ulong NextReview
    {
        get
        {
            ulong next = VmLife.Never;
            for (int i = 0; i < s_count; i++)
            {
                VmEntry entry = s_entries![i]!;
                ulong due = entry.Vm == null ? VmLife.Never : entry.Vm.KeyUpAt;
                due = Math.Min(due, entry.RestartAt);
                next = Math.Min(next, due);
            }

            return next;
        }
    }

    /// <summary>Whether any VM runs, or will without a person's help.</summary>
    internal static bool IsAnyAlive
    {
        get
        {
            for (int i = 0; i < s_count; i++)
            {
                if (s_entries![i]!.IsAlive)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Whether any VM has crashed or could not start.</summary>
    internal static bool HasAnyCrashed
    {
        get
        {
            for (int i = 0; i < s_count; i++)
            {
                if (s_entries![i]!.HasCrashed)
                {
                    return true;
                }
            }

            return false;
        }
    }
}

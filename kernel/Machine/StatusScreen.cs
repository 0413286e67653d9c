using System;
using SharpVisor.Debug;
using SharpVisor.Drivers;
using SharpVisor.Formats;
using SharpVisor.Machine.Life;
using SharpVisor.Memory;

namespace SharpVisor.Machine;

/// <summary>The display, where the board has one: the VMs at the top, and the hypervisor's own lines.</summary>
internal static unsafe class StatusScreen
{
    private const int TopRows = 9; // a title, and as many VMs as then have room
    private const int StateColumn = 36;
    private const int LongestRow = 64;

    private static Framebuffer s_framebuffer;
    private static TextScreen? s_screen;

    /// <summary>Looks for a display. The early map must be in place still.</summary>
    internal static void Find(FdtReader tree)
    {
        if (Board.TryFind(tree, out _) && Framebuffer.TryMake(tree, out Framebuffer framebuffer))
        {
            s_framebuffer = framebuffer;
        }
    }

    /// <summary>Maps it.</summary>
    internal static bool TryMap(PageTable map) => HypervisorMap.MapDevice(map, s_framebuffer.Address, s_framebuffer.Length);

    /// <summary>Clears it, and shows the hypervisor's lines from now on.</summary>
    internal static void Begin()
    {
        if (s_framebuffer.Address != 0)
        {
            s_screen = new TextScreen((uint*)s_framebuffer.Address, s_framebuffer.Width, s_framebuffer.Height, s_framebuffer.Stride, TopRows);
            s_screen.Show(0, " SharpVisor"u8);
            Log.SetScreen(s_screen);
        }
    }

    /// <summary>Shows what has become of the VMs. Under the lock of the machine's control.</summary>
    internal static void Refresh()
    {
        if (s_screen == null)
        {
            return;
        }

        Span<byte> row = stackalloc byte[LongestRow];
        for (int i = 0; i < TopRows - 1; i++)
        {
            row.Fill((byte)' ');
            if (i < VmTable.Count)
            {
                VmEntry entry = VmTable.At(i);
                ReadOnlySpan<byte> name = entry.Definition.Name;
                name.Slice(0, Math.Min(name.Length, StateColumn - 3)).CopyTo(row.Slice(2));
                Describe(entry.State).CopyTo(row.Slice(StateColumn));
            }

            s_screen.Show(i + 1, row);
        }
    }

    private static ReadOnlySpan<byte> Describe(LifeState state) => state switch
    {
        LifeState.Running => "running"u8,
        LifeState.Paused => "paused"u8,
        LifeState.Stopped => "stopped"u8,
        LifeState.Crashed => "crashed"u8,
        LifeState.Created => "created"u8,
        _ => "defined"u8,
    };
}

using System.Threading;
using SharpVisor.Debug;

namespace SharpVisor.Console;

/// <summary>
/// The serial line, shared by the VMs and the shell. One VM may be attached: it gets what is typed, and what it writes
/// is shown. The escape key leaves it for the shell's prompt. What the others write is kept for them.
/// </summary>
/// <remarks>
/// <para>
/// No typed byte is lost: when a guest does not take them they wait in its ring, and when that is full in the UART. Then
/// <see cref="Tick"/> reads on a little into the ring's reserve, so that an escape key that comes behind is seen.
/// </para>
/// <para>
/// Lock order: <see cref="MachineControl"/>'s, a VM's UART, a <see cref="VmConsole"/>'s, the log's,
/// <see cref="LogHistory"/>'s, <see cref="Terminal"/>'s. The shell, the control channel and their tick run on the first CPU, one at a time.
/// </para>
/// </remarks>
internal sealed class HostConsole
{
    /// <summary>Ctrl-].</summary>
    internal const byte EscapeKey = 0x1d;

    // So that a flood on the line does not keep the CPU from its guest: the interrupt comes again for the rest.
    private const int MostBytesAtOnce = 256;
    private const int MostBytesBehind = 16;
    private const int MostPieces = 1024;

    private readonly SerialLine _line;
    private readonly MachineControl _control;
    private readonly Shell _shell;
    private VmConsole? _attached;
    private bool _isThrottled;

    /// <summary>Makes the console.</summary>
    /// <param name="line">The serial line.</param>
    /// <param name="control">The machine.</param>
    internal HostConsole(SerialLine line, MachineControl control)
    {
        _line = line;
        _control = control;
        var history = new History();
        var editor = new LineEditor(history);
        Terminal = new Terminal(line, editor);
        _shell = new Shell(this, control, editor, history);
    }

    /// <summary>The terminal; the log's sink once there is a console.</summary>
    internal Terminal Terminal { get; }

    /// <summary>The VM that gets what is typed; null when that is the shell.</summary>
    internal VmConsole? Attached => Volatile.Read(ref _attached);

    /// <summary>Whether lines of VMs that are not attached are shown with their names.</summary>
    internal bool IsMerged { get; set; }

    /// <summary>Whether <see cref="Tick"/> has something to do.</summary>
    internal bool WantsTick => _isThrottled || _shell.WantsTick;

    /// <summary>The serial line has received something.</summary>
    /// <param name="current">The console of the VM that the calling CPU was running; null for none.</param>
    /// <param name="self">Index of its VCpu that was running.</param>
    internal void Receive(VmConsole? current, int self)
    {
        _control.Enter();
        VmConsole? filled = null;
        for (int i = 0; i < MostBytesAtOnce; i++)
        {
            VmConsole? target = Attached;
            if (target != null && !target.HasRoomOrThrottles(intoReserve: false))
            {
                break;
            }

            if (!_line.TryRead(out byte value))
            {
                break;
            }

            Dispatch(target, value);
            if (filled != null && filled != target)
            {
                filled.Notify(filled == current ? self : -1);
            }

            filled = target;
        }

        filled?.Notify(filled == current ? self : -1);
        _control.Exit();
    }

    /// <summary>Time goes on: to be called about once a second while <see cref="WantsTick"/>.</summary>
    /// <param name="now">As <see cref="MachineControl.Now"/>: nanoseconds.</param>
    internal void Tick(ulong now)
    {
        _control.Enter();
        if (_isThrottled)
        {
            LookBehind();
        }

        _shell.Tick(now);
        _control.Exit();
    }

    /// <summary>Gives a VM what is typed from now on, and shows what it has written since it was last seen.</summary>
    internal void Attach(VmConsole console)
    {
        Leave();
        Terminal.HidePrompt();
        ulong lost = console.BeginAttach();
        Shell.SayAttached(Terminal, console.Name, lost);
        _shell.Last = console;
        Volatile.Write(ref _attached, console);
        bool more = true;
        for (int i = 0; i < MostPieces && more; i++)
        {
            more = console.ShowMore();
        }

        if (more)
        {
            console.ShowFromNow(); // it writes faster than the line takes it
        }

        Resume();
    }

    /// <summary>Takes the console away from a VM that has ended, and says so. Nothing where it was not attached.</summary>
    internal void LeaveEnded(VmConsole console)
    {
        if (console.Detach())
        {
            Volatile.Write(ref _attached, null);
            Resume();
            Shell.SayEnded(Terminal, console.Name);
            Terminal.ShowPrompt();
        }
    }

    /// <summary>A VM goes: nothing may refer to its console any more.</summary>
    internal void Forget(VmConsole console)
    {
        LeaveEnded(console);
        if (_shell.Last == console)
        {
            _shell.Last = null;
        }
    }

    /// <summary>Leaves received bytes in the hardware.</summary>
    internal void Throttle()
    {
        _isThrottled = true;
        _line.SetReceiveInterrupt(false);
    }

    /// <summary>Takes received bytes again.</summary>
    internal void Resume()
    {
        if (_isThrottled)
        {
            _isThrottled = false;
            _line.SetReceiveInterrupt(true);
        }
    }

    private void Dispatch(VmConsole? target, byte value)
    {
        if (target == null)
        {
            _shell.Type(value);
        }
        else if (value == EscapeKey)
        {
            Leave();
            Terminal.ShowPrompt();
        }
        else
        {
            target.Put(value);
        }
    }

    private void LookBehind()
    {
        for (int i = 0; i < MostBytesBehind; i++)
        {
            VmConsole? target = Attached;
            if (target == null || !target.HasRoomOrThrottles(intoReserve: true) || !_line.TryRead(out byte value))
            {
                return;
            }

            Dispatch(target, value);
        }
    }

    private void Leave()
    {
        VmConsole? attached = Attached;
        if (attached != null)
        {
            attached.Detach();
            Volatile.Write(ref _attached, null);
            Resume();
        }
    }
}

using System.Threading;
using SharpVisor.Arch;
using SharpVisor.Cpu;
using SharpVisor.Debug;
using SharpVisor.Drivers;
using SharpVisor.Machine;

namespace SharpVisor.Console;

/// <summary>
/// The serial line, shared by the VMs: all write to it, one is attached and gets what is typed. Typed bytes wait in
/// a ring until the guest takes them; when the ring is full they wait in the UART, so none is lost. An escape key
/// leads to the hypervisor.
/// </summary>
/// <remarks>Lock order: a VM's UART, then this, then the log. No lock is held while a VM's UART is called.</remarks>
internal sealed class HostConsole
{
    private const int Capacity = 1024; // a power of two
    private const byte Escape = 0x1d; // Ctrl-]

    private readonly Pl011Uart _uart;
    private readonly byte[] _ring = new byte[Capacity];
    private SpinLock _lock;
    private uint _first;
    private uint _next;
    private bool _throttled;
    private bool _escaped;
    private Vm? _attached;

    internal HostConsole(Pl011Uart uart) => _uart = uart;

    /// <summary>The VM that gets what is typed.</summary>
    internal Vm? Attached => Volatile.Read(ref _attached);

    /// <summary>Lets another VM have what is typed from now on.</summary>
    internal void Attach(Vm? vm) => Volatile.Write(ref _attached, vm);

    /// <summary>The UART has received something.</summary>
    /// <param name="current">The VCpu, or stand-in of one, that the calling CPU was running.</param>
    internal void Receive(VCpu current)
    {
        int command = Drain();
        if (command != 0)
        {
            ConsoleCommand.Execute(this, (byte)command);
        }

        Attached?.Uart.ReadInput(Attached == current.Vm ? current.Index : -1);
    }

    /// <summary>The next typed byte for a VM.</summary>
    internal bool TryTake(Vm vm, out byte value)
    {
        value = 0;
        bool taken = false;
        _lock.Enter();
        if (_first != _next && vm == _attached)
        {
            value = _ring[_first++ & (Capacity - 1)];
            taken = true;
            if (_throttled)
            {
                _throttled = false;
                _uart.SetReceiveInterrupt(true);
            }
        }

        _lock.Exit();
        return taken;
    }

    /// <summary>Moves what the UART has into the ring; a key after the escape key ends it and is returned, else 0.</summary>
    private int Drain()
    {
        int command = 0;
        _lock.Enter();
        while (command == 0)
        {
            if (_next - _first == Capacity)
            {
                _throttled = true;
                _uart.SetReceiveInterrupt(false);
                break;
            }

            if (!_uart.TryRead(out byte value))
            {
                break;
            }

            if (_escaped && value != Escape)
            {
                command = value;
                _escaped = false;
            }
            else if (value == Escape && !_escaped)
            {
                _escaped = true;
            }
            else
            {
                _escaped = false; // the escape key twice is the key itself
                _ring[_next++ & (Capacity - 1)] = value;
            }
        }

        _lock.Exit();
        return command;
    }
}

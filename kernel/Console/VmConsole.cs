using SharpVisor.Debug;
using SharpVisor.Devices;
using SharpVisor.Machine;

namespace SharpVisor.Console;

/// <summary>One VM's end of the serial line.</summary>
internal sealed class VmConsole : ConsoleBackend
{
    private readonly HostConsole _console;
    private Vm? _vm;

    internal VmConsole(HostConsole console) => _console = console;

    /// <summary>Names the VM, which is made after its devices.</summary>
    internal void Connect(Vm vm) => _vm = vm;

    /// <inheritdoc/>
    public override void Transmit(byte value) => Log.Guest(value);

    /// <inheritdoc/>
    public override bool TryTake(out byte value)
    {
        value = 0;
        return _vm != null && _console.TryTake(_vm, out value);
    }
}

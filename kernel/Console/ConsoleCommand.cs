using SharpVisor.Debug;
using SharpVisor.Machine;

namespace SharpVisor.Console;

/// <summary>What a key after the escape key (Ctrl-]) does.</summary>
internal static class ConsoleCommand
{
    internal static void Execute(HostConsole console, byte key)
    {
        Vm? vm = console.Attached;
        switch (key)
        {
            case (byte)'x':
                vm?.RequestStop(VmStop.Killed);
                break;
            case (byte)'r':
                vm?.RequestStop(VmStop.Reset);
                break;
            case (byte)'n':
                Vm? next = Hypervisor.NextVm(vm);
                console.Attach(next);
                if (next != null)
                {
                    Log.Line().Text("attached to "u8).Text(next.Name).End();
                }

                break;
            case (byte)'i':
                Hypervisor.ReportVms();
                break;
            default:
                Log.Line("Ctrl-] and then: x stops this VM, r resets it, n goes to the next VM, i lists VMs, Ctrl-] types Ctrl-]"u8);
                break;
        }
    }
}

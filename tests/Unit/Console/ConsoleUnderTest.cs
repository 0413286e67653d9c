using System.Text;
using SharpVisor.Console;
using SharpVisor.Devices;
using SharpVisor.Tests.Unit.Devices;

namespace SharpVisor.Tests.Unit.Console;

/// <summary>A console on a fake machine, with what a person types and sees.</summary>
internal sealed class ConsoleUnderTest
{
    public ConsoleUnderTest(params string[] runningVms)
    {
        Host = new HostConsole(Line, Machine);
        foreach (string name in runningVms)
        {
            FakeMachine.FakeVm vm = Machine.Add(name, VmState.Running);
            vm.Console = new VmConsole(Host, vm.Id, Encoding.ASCII.GetBytes(name));
        }
    }

    public ScreenLine Line { get; } = new();

    public FakeMachine Machine { get; } = new();

    public HostConsole Host { get; }

    public VmConsole this[int place] => Machine.Vms[place].Console!;

    /// <summary>Types and lets the console take as much as it will.</summary>
    public ConsoleUnderTest Type(string text)
    {
        Line.Type(text);
        for (int before = -1; Line.ReceiveInterrupt && Line.Waiting != 0 && Line.Waiting != before;)
        {
            before = Line.Waiting;
            Host.Receive(null, -1);
        }

        return this;
    }

    /// <summary>What the screen shows of a command, without the line that was typed and the prompt behind it.</summary>
    public string Run(string command)
    {
        int from = Line.Rows.Count;
        Type(command + "\r");
        return string.Join('\n', System.Linq.Enumerable.SkipLast(System.Linq.Enumerable.Skip(Line.Rows, from), 1));
    }

    public void Output(int place, string text)
    {
        foreach (byte value in Encoding.UTF8.GetBytes(text))
        {
            this[place].Transmit(value);
        }
    }

    /// <summary>What a guest can take of what was typed.</summary>
    public string TakeInput(int place, int most = int.MaxValue)
    {
        StringBuilder taken = new();
        while (taken.Length < most && this[place].TryTake(out byte value))
        {
            taken.Append((char)value);
        }

        return taken.ToString();
    }

    /// <summary>A line of the log.</summary>
    public void Log(string text)
    {
        Host.Terminal.BeginLine();
        foreach (byte value in Encoding.ASCII.GetBytes(text + "\r\n"))
        {
            Host.Terminal.Write(value);
        }

        Host.Terminal.EndLine();
    }

    /// <summary>Gives a VM a UART, which takes what is typed at once.</summary>
    public Pl011Device Connect(int place)
    {
        Pl011Device uart = new(new RecordingLine(), this[place]);
        this[place].Connect(uart);
        return uart;
    }
}

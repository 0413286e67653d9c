using System;

namespace SharpVisor.Console;

/// <summary>The prompt of the hypervisor: takes lines, executes them, completes words.</summary>
/// <remarks>Used under <see cref="MachineControl"/>'s lock, but for what it says of VMs that are attached and that end.</remarks>
internal sealed class Shell
{
    private readonly HostConsole _console;
    private readonly MachineControl _control;
    private readonly LineEditor _editor;
    private readonly History _history;
    private readonly ConsoleWriter _output;
    private readonly CommandLine _words = new();
    private readonly VmCommands _vms;
    private readonly MachineReports _reports;
    private readonly TopView _top;

    internal Shell(HostConsole console, MachineControl control, LineEditor editor, History history)
    {
        _console = console;
        _control = control;
        _editor = editor;
        _history = history;
        _output = new ConsoleWriter(console.Terminal);
        _vms = new VmCommands(control, _output);
        _reports = new MachineReports(control, _output);
        _top = new TopView(control, _output, console.Terminal);
    }

    /// <summary>The VM that was attached last.</summary>
    internal VmConsole? Last { get; set; }

    /// <summary>Whether <see cref="Tick"/> has something to do.</summary>
    internal bool WantsTick => _top.IsOpen;

    /// <summary>Takes a typed byte.</summary>
    internal void Type(byte value)
    {
        if (_top.IsOpen)
        {
            if (_top.Type(value))
            {
                _console.Terminal.ShowPrompt();
            }

            return;
        }

        Terminal terminal = _console.Terminal;
        switch (terminal.Type(value))
        {
            case EditAction.Submit:
                Execute(_editor.Text);
                if (_console.Attached == null && !_top.IsOpen)
                {
                    terminal.ShowPrompt();
                }

                break;
            case EditAction.Complete:
                Complete();
                break;
            case EditAction.Leave:
                AttachLast();
                break;
            case EditAction.ConsoleKey when _editor.Text.IsEmpty && Last != null:
                VmConsole last = Last;
                _console.Attach(last);
                last.Put(HostConsole.EscapeKey);
                last.Notify(-1);
                break;
            case EditAction.ConsoleKey:
                terminal.Insert(default);
                break;
        }
    }

    /// <summary>Time goes on.</summary>
    internal void Tick(ulong now) => _top.Tick(now);

    /// <summary>Says that a VM is attached, and how to leave it.</summary>
    internal static void SayAttached(Terminal terminal, in VmName name, ulong lost)
    {
        terminal.BeginLine();
        Say(terminal, "[attached to "u8);
        Say(terminal, name);
        Say(terminal, "; Ctrl-] leaves it"u8);
        Say(terminal, lost == 0 ? "]\r\n"u8 : "; older output is not kept]\r\n"u8);
        terminal.EndLine();
    }

    /// <summary>Says that the attached VM has ended.</summary>
    internal static void SayEnded(Terminal terminal, in VmName name)
    {
        terminal.BeginLine();
        Say(terminal, "["u8);
        Say(terminal, name);
        Say(terminal, " has ended; vm list shows the others]\r\n"u8);
        terminal.EndLine();
    }

    private static void Say(Terminal terminal, ReadOnlySpan<byte> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            terminal.Write(text[i]);
        }
    }

    private static void Say(Terminal terminal, in VmName name)
    {
        for (int i = 0; i < name.Length; i++)
        {
            terminal.Write(name[i]);
        }
    }

    private void Execute(ReadOnlySpan<byte> line)
    {
        _history.Add(line);
        ReadOnlySpan<byte> problem = _words.Parse(line);
        if (!problem.IsEmpty)
        {
            _output.Line(problem);
            return;
        }

        if (_words.Count == 0)
        {
            return;
        }

        Command command = CommandText.FindCommand(_words[0]);
        if (command == Command.Count)
        {
            SayUnknownCommand();
        }
        else if (_words.Count - 1 > CommandText.MostArguments(command))
        {
            _output.Text("too many words"u8);
            SayUsage(command);
        }
        else
        {
            Execute(command);
        }
    }

    private void Execute(Command command)
    {
        switch (command)
        {
            case Command.Help:
                Help();
                break;
            case Command.Vm:
                _vms.Execute(_words);
                break;
            case Command.Attach:
                Attach();
                break;
            case Command.Top:
                _top.Open();
                break;
            case Command.Cpu:
                _reports.Cpus();
                break;
            case Command.Mem:
                _reports.Memory();
                break;
            case Command.Irq:
                _reports.Interrupts();
                break;
            case Command.Log:
                SetLogLevel();
                break;
            case Command.Trace:
                Trace();
                break;
            case Command.Regs:
                Registers();
                break;
            case Command.Bench:
                SayFailed("bench"u8, _control.TryRunBench(_output));
                break;
            case Command.Merged:
                if (TryGetSwitch(command, _console.IsMerged, out bool isMerged))
                {
                    _console.IsMerged = isMerged;
                }

                break;
            case Command.Scroll:
                Scroll();
                break;
            case Command.History:
                for (int age = _history.Count - 1; age >= 0; age--)
                {
                    _output.Decimal((ulong)(_history.Count - age), 4).Text("  "u8).Line(_history[age]);
                }

                break;
            case Command.Color:
                if (TryGetSwitch(command, _console.Terminal.KnowsSequences, out bool hasColor))
                {
                    _console.Terminal.KnowsSequences = hasColor;
                }

                break;
            case Command.PowerOff:
                SayFailed("poweroff"u8, _control.TryPowerOff());
                break;
        }
    }

    private void Help()
    {
        if (_words.Count == 1)
        {
            for (Command i = 0; i < Command.Count; i++)
            {
                _output.Text("  "u8).Use(Paint.Strong).Text(CommandText.Name(i)).Use(Paint.Plain).Text(" "u8).Text(CommandText.Usage(i))
                    .Column(34).Line(CommandText.Summary(i));
            }

            _output.Line("Tab completes, Up recalls, Ctrl-R searches. help COMMAND says more."u8);
            return;
        }

        Command command = CommandText.FindCommand(_words[1]);
        if (command == Command.Count)
        {
            _output.Text("no command '"u8).Text(_words[1]).Text("'"u8);
            SayDidYouMean(ArgumentKind.Command, _words[1], default);
            return;
        }

        _output.Use(Paint.Strong).Text(CommandText.Name(command)).Use(Paint.Plain).Text(" "u8).Text(CommandText.Usage(command)).End();
        _output.Text("  "u8).Line(CommandText.Summary(command));
        for (int i = 0; !CommandText.Details(command, i).IsEmpty; i++)
        {
            _output.Text("  "u8).Line(CommandText.Details(command, i));
        }
    }

    private void Attach()
    {
        if (_words.Count == 1)
        {
            AttachLast();
        }
        else if (TryGetConsole(_words[1], out VmConsole? console))
        {
            _console.Attach(console!);
        }
    }

    private void AttachLast()
    {
        if (Last != null)
        {
            _console.Attach(Last);
        }
        else if (_control.VmCount == 1 && _control.TryGetVm(0, out VmStatus vm) && _control.ConsoleOf(vm.Id) is VmConsole only)
        {
            _console.Attach(only);
        }
        else
        {
            _output.Line("attach to which virtual machine? vm list shows them"u8);
        }
    }

    private void Scroll()
    {
        if (_words.Count == 1)
        {
            SayMissing(Command.Scroll);
        }
        else if (TryGetConsole(_words[1], out VmConsole? console))
        {
            console!.Replay();
        }
    }

    private void Registers()
    {
        if (_words.Count == 1)
        {
            SayMissing(Command.Regs);
            return;
        }

        if (!_vms.TryFind(_words[1], out VmStatus vm))
        {
            return;
        }

        int index = 0;
        ReadOnlySpan<byte> number = _words[2];
        for (int i = 0; i < number.Length; i++)
        {
            if (number[i] is < (byte)'0' or > (byte)'9' || i == 3)
            {
                _output.Text("'"u8).Text(number).Line("' is no number of a VCpu: they count from 0"u8);
                return;
            }

            index = (index * 10) + number[i] - '0';
        }

        if (index >= vm.VCpus)
        {
            _output.Text(vm.Name).Text(" has no VCpu "u8).Decimal((ulong)index).Text(": it has "u8).Decimal((ulong)vm.VCpus).End();
            return;
        }

        _reports.Registers(vm, index);
    }

    private void SetLogLevel()
    {
        if (_words.Count == 1)
        {
            ControlResult result = _control.TryGetLogLevel(out LogLevel now);
            if (result.IsOk)
            {
                _output.Text("log is "u8).Line(ControlText.Describe(now));
            }
            else
            {
                SayFailed("log"u8, result);
            }

            return;
        }

        for (LogLevel level = 0; level < LogLevel.Count; level++)
        {
            if (ControlText.Describe(level).SequenceEqual(_words[1]))
            {
                SayFailed("log"u8, _control.TrySetLogLevel(level));
                return;
            }
        }

        _output.Text("no level '"u8).Text(_words[1]).Text("'"u8);
        SayDidYouMean(ArgumentKind.LogLevel, _words[1], "; there are error, warning, info and debug"u8);
    }

    private void Trace()
    {
        if (_words[1].SequenceEqual("show"u8))
        {
            TraceView.Show(_control, _output);
        }
        else if (TryGetSwitch(Command.Trace, _control.IsTracedLocally, out bool isOn))
        {
            SayFailed("trace"u8, _control.TrySetTraceLocally(isOn));
        }
    }

    private bool TryGetSwitch(Command command, bool now, out bool value)
    {
        value = _words[1].SequenceEqual("on"u8);
        if (_words.Count == 1)
        {
            _output.Text(CommandText.Name(command)).Line(now ? " is on"u8 : " is off"u8);
            return false;
        }

        if (!value && !_words[1].SequenceEqual("off"u8))
        {
            _output.Text("'"u8).Text(_words[1]).Text("' is neither on nor off"u8).End();
            return false;
        }

        return true;
    }

    private bool TryGetConsole(ReadOnlySpan<byte> name, out VmConsole? console)
    {
        console = null;
        if (!_vms.TryFind(name, out VmStatus vm))
        {
            return false;
        }

        console = _control.ConsoleOf(vm.Id);
        if (console == null)
        {
            _output.Text(vm.Name).Text(" is "u8).Text(ControlText.Describe(vm.State)).Line(vm.State == VmState.Defined
                ? " and has no console: vm start gives it one"u8
                : " in a moment: try again"u8);
        }

        return console != null;
    }

    private void SayFailed(ReadOnlySpan<byte> what, ControlResult result)
    {
        if (!result.IsOk)
        {
            _output.Text(what).Text(": "u8).Line(ControlText.Describe(result.Outcome));
        }
    }

    private void SayMissing(Command command)
    {
        _output.Text("a name is missing"u8);
        SayUsage(command);
    }

    private void SayUsage(Command command) =>
        _output.Text("; usage: "u8).Text(CommandText.Name(command)).Text(" "u8).Line(CommandText.Usage(command));

    private void SayUnknownCommand()
    {
        ReadOnlySpan<byte> typed = _words[0];
        _output.Text("no command '"u8).Text(typed).Text("'"u8);
        VmAction action = CommandText.FindAction(typed);
        if (action != VmAction.Count)
        {
            _output.Text(": did you mean 'vm "u8).Text(typed).Line("'?"u8);
        }
        else
        {
            SayDidYouMean(ArgumentKind.Command, typed, "; help lists them"u8);
        }
    }

    private void SayDidYouMean(ArgumentKind kind, ReadOnlySpan<byte> typed, ReadOnlySpan<byte> otherwise)
    {
        Span<byte> similar = stackalloc byte[Candidates.LongestWord];
        int length = Candidates.FindSimilar(kind, typed, _control, similar);
        if (length != 0)
        {
            _output.Text(": did you mean '"u8).Text(similar.Slice(0, length)).Line("'?"u8);
        }
        else
        {
            _output.Line(otherwise);
        }
    }

    private void Complete()
    {
        // The words before the cursor say what can stand there.
        ReadOnlySpan<byte> before = _editor.Text.Slice(0, _editor.Cursor);
        int start = before.Length;
        while (start > 0 && before[start - 1] != ' ')
        {
            start--;
        }

        ReadOnlySpan<byte> begin = before.Slice(start);
        ArgumentKind kind = ArgumentKind.Command;
        if (!_words.Parse(before.Slice(0, start)).IsEmpty)
        {
            kind = ArgumentKind.None;
        }
        else if (_words.Count != 0)
        {
            Command command = CommandText.FindCommand(_words[0]);
            kind = command == Command.Count ? ArgumentKind.None : CommandText.Argument(command, _words.Count - 1);
            if (command == Command.Vm && _words.Count == 2 && CommandText.FindAction(_words[1]) is VmAction.List or VmAction.Count)
            {
                kind = ArgumentKind.None;
            }
        }

        Span<byte> common = stackalloc byte[Candidates.LongestWord + 1];
        int count = Candidates.Complete(kind, begin, _control, common, out int length);
        if (count == 1)
        {
            common[length++] = (byte)' ';
        }

        if (count > 1 && length == begin.Length)
        {
            ListCandidates(kind, begin);
        }
        else
        {
            _console.Terminal.Insert(count == 0 ? default : common.Slice(begin.Length, length - begin.Length));
        }
    }

    private void ListCandidates(ArgumentKind kind, ReadOnlySpan<byte> begin)
    {
        Span<byte> word = stackalloc byte[Candidates.LongestWord];
        int columns = 0;
        for (int i = 0; ; i++)
        {
            int length = Candidates.Get(kind, i, _control, word);
            if (length < 0)
            {
                break;
            }

            ReadOnlySpan<byte> candidate = word.Slice(0, length);
            if (!candidate.StartsWith(begin))
            {
                continue;
            }

            if (columns + length + 2 >= LineView.Columns)
            {
                _output.End();
                columns = 0;
            }

            _output.Text(candidate).Text("  "u8);
            columns += length + 2;
        }

        _output.End();
    }
}

using System;

namespace SharpVisor.Console;

/// <summary>The command <c>vm</c>.</summary>
internal sealed class VmCommands
{
    private const uint MarksShown = 4;
    private const ulong NanosecondsPerMicrosecond = 1000;
    private const ulong NanosecondsPerSecond = 1_000_000_000;

    private readonly MachineControl _control;
    private readonly ConsoleWriter _output;

    internal VmCommands(MachineControl control, ConsoleWriter output)
    {
        _control = control;
        _output = output;
    }

    /// <summary>Executes a line that begins with <c>vm</c>.</summary>
    internal void Execute(CommandLine words)
    {
        VmAction action = words.Count == 1 ? VmAction.List : CommandText.FindAction(words[1]);
        if (action == VmAction.Count)
        {
            SayUnknownAction(words[1]);
        }
        else if (action == VmAction.List)
        {
            if (words.Count > 2)
            {
                _output.Line("vm list takes no name; vm info NAME shows one"u8);
                return;
            }

            List();
        }
        else if (words.Count == 2)
        {
            _output.Text("a name is missing; usage: vm "u8).Text(words[1]).Line(" NAME"u8);
        }
        else if (words.Count > 3 && action != VmAction.Memory)
        {
            _output.Text("too many words; usage: vm "u8).Text(words[1]).Line(" NAME"u8);
        }
        else if (TryFind(words[2], out VmStatus vm))
        {
            Execute(action, vm, words);
        }
    }

    /// <summary>Finds a VM by its name, and says so where there is none.</summary>
    internal bool TryFind(ReadOnlySpan<byte> name, out VmStatus vm)
    {
        for (int i = 0; i < _control.VmCount; i++)
        {
            if (_control.TryGetVm(i, out vm) && vm.Name.Is(name))
            {
                return true;
            }
        }

        vm = default;
        Span<byte> similar = stackalloc byte[Candidates.LongestWord];
        int length = Candidates.FindSimilar(ArgumentKind.VmName, name, _control, similar);
        _output.Text("no virtual machine '"u8).Text(name).Text("'"u8);
        if (length != 0)
        {
            _output.Text(": did you mean '"u8).Text(similar.Slice(0, length)).Line("'?"u8);
        }
        else
        {
            _output.Line("; vm list shows them"u8);
        }

        return false;
    }

    /// <summary>The colour of a state.</summary>
    internal static Paint PaintOf(VmState state) => state switch
    {
        VmState.Running => Paint.Good,
        VmState.Paused => Paint.Odd,
        VmState.Crashed => Paint.Bad,
        _ => Paint.Plain,
    };

    private void Execute(VmAction action, in VmStatus vm, CommandLine words)
    {
        if (action == VmAction.Info)
        {
            Info(vm);
            return;
        }

        ulong size = 0;
        if (action == VmAction.Memory && !SizeText.TryParse(words[3], out size))
        {
            _output.Line("how much memory? As in: vm memory NAME 96M; K, M and G are powers of 1024"u8);
            return;
        }

        if (size > vm.MemoryMaximum)
        {
            _output.Text(vm.Name).Text(" has at most "u8).Size(vm.MemoryMaximum).End();
            return;
        }

        ControlResult result = action switch
        {
            VmAction.Create => _control.TryCreate(vm.Id),
            VmAction.Start => _control.TryStart(vm.Id),
            VmAction.Pause => _control.TryPause(vm.Id),
            VmAction.Resume => _control.TryResume(vm.Id),
            VmAction.Reset => _control.TryReset(vm.Id),
            VmAction.Shutdown => _control.TryShutdown(vm.Id),
            VmAction.Stop => _control.TryStop(vm.Id),
            VmAction.Memory => _control.TrySetMemory(vm.Id, size),
            _ => _control.TryDestroy(vm.Id),
        };

        if (result.IsOk)
        {
            return; // the log says it
        }

        _output.Use(Paint.Bad).Text("cannot "u8).Text(action == VmAction.Memory ? "set the memory of"u8 : CommandText.Name(action)).Use(Paint.Plain).Text(" "u8).Text(vm.Name).Text(": "u8);
        if (result.Outcome == ControlOutcome.WrongState)
        {
            _output.Text("it is "u8).Text(ControlText.Describe(result.State));
            ReadOnlySpan<byte> advice = Advise(action, result.State);
            _output.Text(advice.IsEmpty ? default : "; "u8).Line(advice);
        }
        else
        {
            _output.Line(ControlText.Describe(result.Outcome));
        }
    }

    /// <summary>What helps where an action does not fit the state.</summary>
    private static ReadOnlySpan<byte> Advise(VmAction action, VmState state)
    {
        switch (state)
        {
            case VmState.Running:
                return action == VmAction.Start ? "vm reset starts it anew"u8 : default;
            case VmState.Paused:
                return action is VmAction.Start or VmAction.Shutdown ? "vm resume lets it go on"u8 : default;
            default:
                return action is VmAction.Create or VmAction.Destroy ? default : "vm start starts it"u8;
        }
    }

    private void List()
    {
        if (_control.VmCount == 0)
        {
            _output.Line("no virtual machine is defined"u8);
            return;
        }

        _output.Use(Paint.Strong).Text("NAME"u8).Column(32).Text("STATE"u8).Before(48, 5).Text("VCPUS"u8).Before(60, 6).Text("MEMORY"u8)
            .Before(71, 2).Text("UP"u8).Before(79, 7).Text("RESTART"u8).Use(Paint.Plain).End();
        for (int i = 0; i < _control.VmCount; i++)
        {
            if (!_control.TryGetVm(i, out VmStatus vm))
            {
                continue;
            }

            _output.Text(vm.Name).Column(32).Use(PaintOf(vm.State)).Text(vm.RestartIn == 0 ? ControlText.Describe(vm.State) : "restarting"u8)
                .Use(Paint.Plain).Decimal((ulong)vm.VCpus, 48).Size(vm.State == VmState.Defined ? vm.MemoryMaximum : vm.Memory, 60);
            if (vm.UpTime == 0)
            {
                _output.Before(71, 1).Text("-"u8);
            }
            else
            {
                ulong hours = vm.UpTime / 3_600_000_000_000;
                _output.Before(71, ConsoleWriter.Width(hours) + 6).Duration(vm.UpTime);
            }

            _output.Decimal((ulong)vm.Restarts, 79).End();
        }
    }

    private void Info(in VmStatus vm)
    {
        _output.Use(Paint.Strong).Text(vm.Name).Use(Paint.Plain).Text(" is "u8).Use(PaintOf(vm.State)).Text(ControlText.Describe(vm.State)).Use(Paint.Plain);
        if (vm.UpTime != 0)
        {
            _output.Text(", up "u8).Duration(vm.UpTime);
        }

        if (vm.RestartIn != 0)
        {
            _output.Text(", starts again in "u8).Decimal((vm.RestartIn + NanosecondsPerSecond - 1) / NanosecondsPerSecond).Text(" s"u8);
        }

        if (vm.Restarts != 0)
        {
            _output.Text(", restarted "u8).Decimal((ulong)vm.Restarts).Text(vm.Restarts == 1 ? " time"u8 : " times"u8);
        }

        _output.End();
        _output.Text("  memory   "u8).Size(vm.Memory).Text(" of "u8).Size(vm.MemoryMaximum);
        if (vm.MemoryGuarantee != 0)
        {
            _output.Text(", "u8).Size(vm.MemoryGuarantee).Text(" guaranteed"u8);
        }

        _output.Text("; hypervisor "u8).Size(vm.MemoryOverhead).End();
        if (vm.MemoryShared != 0)
        {
            _output.Text("  shared   "u8).Size(vm.MemoryShared).Line(" in pages of the same contents as others"u8);
        }

        if (vm.HasBalloonDriver || vm.BalloonTarget != 0)
        {
            _output.Text("  balloon  "u8).Size(vm.Balloon).Text(" of "u8).Size(vm.BalloonTarget);
            if (vm.GuestMemory != 0)
            {
                _output.Text("; its guest has "u8).Size(vm.GuestAvailable).Text(" of "u8).Size(vm.GuestMemory).Text(" left"u8);
            }

            _output.End();
        }

        _output.Text("  share    "u8);
        if (vm.Weight != 0)
        {
            _output.Text("weight "u8).Decimal((ulong)vm.Weight).Text(", "u8);
        }

        if (vm.Cap != 0)
        {
            _output.Text("at most "u8).Decimal((ulong)vm.Cap).Line("% of a CPU"u8);
        }
        else
        {
            _output.Line("no cap"u8);
        }

        _output.Text("  GIC      version "u8).Decimal((ulong)vm.GicVersion).End();
        if (_control.ConsoleOf(vm.Id) is VmConsole console && console.Unseen != 0)
        {
            _output.Text("  console  "u8).Size(console.Unseen).Text(" not seen; attach "u8).Text(vm.Name).Line(" shows it"u8);
        }

        ListDisks(vm.Id);
        ListVCpus(vm);
        ListMarks(vm.Id);
    }

    private void ListDisks(int vm)
    {
        for (int i = 0; _control.TryGetDisk(vm, i, out VmDiskStatus disk); i++)
        {
            _output.Text("  disk     "u8).Decimal((ulong)i).Text(": "u8).Size(disk.Size).Text(disk.IsReadOnly ? ", read-only, "u8 : ", "u8);
            if (disk.Serial.Length != 0)
            {
                _output.Text(disk.Serial).Text(", "u8);
            }

            _output.Size(disk.ReadBytes).Text(" read, "u8).Size(disk.WrittenBytes).Text(" written"u8);
            if (disk.Errors != 0)
            {
                _output.Text(", "u8).Decimal(disk.Errors).Text(disk.Errors == 1 ? " error"u8 : " errors"u8);
            }

            _output.End();
            if (disk.OverlaySize != 0)
            {
                _output.Text("  overlay  "u8).Decimal((ulong)i).Text(": "u8).Size(disk.OverlayUsed).Text(" of "u8).Size(disk.OverlaySize).End();
            }
        }
    }

    /// <summary>The last events that the guest has marked, the newest last.</summary>
    private void ListMarks(int vm)
    {
        for (uint age = MarksShown; age-- > 0;)
        {
            if (_control.TryGetMark(vm, age, out MarkStatus mark))
            {
                _output.Text("  mark     "u8).Decimal(mark.Number).Text(" by VCpu "u8).Decimal((ulong)mark.VCpu).Text(" at "u8)
                    .Decimal(mark.Time / NanosecondsPerMicrosecond).Text(" us"u8).Column(45).Text("value "u8).Hex(mark.Value, 16).End();
            }
        }
    }

    private void ListVCpus(in VmStatus vm)
    {
        ExitCounts all = default;
        for (int i = 0; i < vm.VCpus; i++)
        {
            if (!_control.TryGetVCpu(vm.Id, i, out VCpuStatus vcpu))
            {
                return;
            }

            _output.Text("  VCpu "u8).Decimal((ulong)i).Column(11).Text(ControlText.Describe(vcpu.State));
            if (vcpu.Cpu >= 0)
            {
                _output.Text(" on CPU "u8).Decimal((ulong)vcpu.Cpu);
            }

            _output.Column(30).Text("ran "u8).Duration(vcpu.RunTime).Column(46).Text("waited "u8).Duration(vcpu.StolenTime)
                .Column(64).Decimal(vcpu.Exits.Total).Line(" exits"u8);
            all.Add(vcpu.Exits);
        }

        if (all.Total == 0)
        {
            return;
        }

        _output.Text("  exits"u8).Column(11);
        for (ExitReason reason = 0; reason < ExitReason.Count; reason++)
        {
            if (reason == ExitReason.Interrupt)
            {
                _output.End();
                _output.Column(11);
            }

            _output.Text(ControlText.Describe(reason)).Text(" "u8).Decimal(all[reason]).Text("  "u8);
        }

        _output.End();
    }

    private void SayUnknownAction(ReadOnlySpan<byte> typed)
    {
        Span<byte> similar = stackalloc byte[Candidates.LongestWord];
        _output.Text("vm cannot '"u8).Text(typed).Text("'"u8);
        int length = Candidates.FindSimilar(ArgumentKind.VmAction, typed, _control, similar);
        if (length != 0)
        {
            _output.Text(": did you mean 'vm "u8).Text(similar.Slice(0, length)).Line("'?"u8);
        }
        else
        {
            _output.Line("; help vm lists what it can"u8);
        }
    }
}

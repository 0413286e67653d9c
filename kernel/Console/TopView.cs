namespace SharpVisor.Console;

/// <summary>
/// The command <c>top</c>: shares and exits of the last interval, painted again each second until q. On a terminal that
/// does not know sequences the tables come one below the other.
/// </summary>
internal sealed class TopView
{
    private const ulong Interval = 1_000_000_000;
    private const int MostSamples = 192;
    private const int MostCpus = 64;
    private const int MostRows = 20; // of a screen of 24 lines
    private const int ShareColumn = 31;
    private const int FirstRate = 38;
    private const int RateWidth = 6;

    private readonly MachineControl _control;
    private readonly ConsoleWriter _output;
    private readonly Terminal _terminal;
    private readonly KeyDecoder _keys = new();
    private readonly Sample[] _samples = new Sample[MostSamples];
    private readonly CpuSample[] _cpus = new CpuSample[MostCpus];
    private ulong _last;
    private int _rows;

    internal TopView(MachineControl control, ConsoleWriter output, Terminal terminal)
    {
        _control = control;
        _output = output;
        _terminal = terminal;
    }

    /// <summary>Whether it is on the terminal.</summary>
    internal bool IsOpen { get; private set; }

    /// <summary>Begins: the first table has the averages since the VCpus' start.</summary>
    internal void Open()
    {
        IsOpen = true;
        _last = 0;
        for (int i = 0; i < MostSamples; i++)
        {
            _samples[i].Vm = 0;
        }

        for (int i = 0; i < MostCpus; i++)
        {
            _cpus[i].UpTime = 0;
            _cpus[i].IdleTime = 0;
        }

        if (_terminal.KnowsSequences)
        {
            _terminal.Send("\x1b[2J\x1b[?25l"u8);
        }
        else
        {
            _terminal.Send("\x1b[c"u8); // a terminal answers what it is
        }

        Paint(_control.Now);
    }

    /// <summary>Time goes on.</summary>
    internal void Tick(ulong now)
    {
        if (IsOpen && now - _last >= Interval - (Interval / 8))
        {
            Paint(now);
        }
    }

    /// <summary>Takes a key. True where it has ended the view.</summary>
    internal bool Type(byte value)
    {
        bool knew = _keys.HasSeenSequence;
        Key key = _keys.Decode(value);
        if (_keys.HasSeenSequence && !knew && !_terminal.KnowsSequences)
        {
            _terminal.KnowsSequences = true;
            _terminal.Send("\x1b[H\x1b[2J\x1b[?25l"u8);
            Paint(_control.Now);
            return false;
        }

        if (key is Key.Cancel or Key.DeleteOrEnd or Key.Console || (key == Key.Text && value is (byte)'q' or (byte)'Q'))
        {
            IsOpen = false;
            _output.ClearsRest = false;
            return true;
        }

        if (key != Key.None && key != Key.TerminalAnswer)
        {
            Paint(_control.Now);
        }

        return false;
    }

    private void Paint(ulong now)
    {
        ulong passed = _last == 0 ? 0 : now - _last;
        _output.ClearsRest = _terminal.KnowsSequences;
        if (_terminal.KnowsSequences)
        {
            _terminal.Send("\x1b[H"u8);
        }

        PaintHead(now);
        _rows = 0;
        int hidden = 0;
        for (int i = 0; i < _control.VmCount; i++)
        {
            if (_control.TryGetVm(i, out VmStatus vm))
            {
                hidden += PaintVm(vm, passed);
            }
        }

        if (hidden != 0)
        {
            _output.Text("... and "u8).Decimal((ulong)hidden).Line(" more lines"u8);
        }

        if (_terminal.KnowsSequences)
        {
            _terminal.Send("\x1b[J"u8);
        }

        _last = now;
    }

    private void PaintHead(ulong now)
    {
        ulong busy = 0;
        ulong all = 0;
        int online = 0;
        for (int i = 0; i < _control.CpuCount && i < MostCpus; i++)
        {
            if (_control.TryGetCpu(i, out CpuStatus cpu) && cpu.IsOnline)
            {
                ulong up = cpu.UpTime - _cpus[i].UpTime;
                ulong idle = cpu.IdleTime - _cpus[i].IdleTime;
                all += up;
                busy += up > idle ? up - idle : 0;
                _cpus[i].UpTime = cpu.UpTime;
                _cpus[i].IdleTime = cpu.IdleTime;
                online++;
            }
        }

        _control.GetMemory(out MemoryStatus memory);
        _output.Text("up "u8).Duration(now).Text("   "u8).Decimal((ulong)online).Text(online == 1 ? " CPU"u8 : " CPUs"u8);
        if (all != 0)
        {
            _output.Text(", "u8).Percent(MachineReports.Share(busy, all), 0).Text(" busy"u8);
        }

        _output.Text("   memory "u8).Size(memory.Total).Text(", "u8).Size(memory.Free).Text(" free"u8).Before(79, 8).Line("q leaves"u8);
        _output.Use(Console.Paint.Strong).Text("VM / VCPU"u8).Column(16).Text("STATE"u8).Before(ShareColumn, 5).Text("SHARE"u8)
            .Before(38, 5).Text("HCALL"u8).Before(44, 3).Text("DEV"u8).Before(50, 3).Text("REG"u8).Before(56, 3).Text("IRQ"u8)
            .Before(62, 4).Text("WAIT"u8).Before(68, 4).Text("PAGE"u8).Before(79, 6).Text("MEMORY"u8).Use(Console.Paint.Plain).End();
    }

    /// <summary>A VM's line and those of its VCpus.</summary>
    /// <returns>Lines that there was no room for.</returns>
    private int PaintVm(in VmStatus vm, ulong passed)
    {
        // Once to add up, once to paint: a sample is only moved on when it is painted.
        ulong run = 0;
        ExitCounts exits = default;
        ulong interval = passed == 0 ? vm.UpTime : passed;
        for (int i = 0; i < vm.VCpus; i++)
        {
            if (_control.TryGetVCpu(vm.Id, i, out VCpuStatus vcpu))
            {
                ref Sample sample = ref SampleOf(vm.Id, i);
                run += vcpu.RunTime < sample.RunTime ? 0 : vcpu.RunTime - sample.RunTime;
                exits.Add(vcpu.Exits.Since(sample.Exits));
            }
        }

        int hidden = 0;
        if (TakeRow(ref hidden))
        {
            _output.Text(vm.Name).Column(16).Use(VmCommands.PaintOf(vm.State)).Text(ControlText.Describe(vm.State)).Use(Console.Paint.Plain);
            PaintRates(run, exits, interval);
            _output.Size(vm.Memory, 79).End();
        }

        for (int i = 0; i < vm.VCpus; i++)
        {
            if (!_control.TryGetVCpu(vm.Id, i, out VCpuStatus vcpu))
            {
                continue;
            }

            ref Sample sample = ref SampleOf(vm.Id, i);
            if (vm.VCpus > 1 && vcpu.State != VCpuState.Off && TakeRow(ref hidden))
            {
                _output.Text("  "u8).Decimal((ulong)i);
                if (vcpu.Cpu >= 0)
                {
                    _output.Text(" on CPU "u8).Decimal((ulong)vcpu.Cpu);
                }

                _output.Column(16).Text(ControlText.Describe(vcpu.State));
                PaintRates(vcpu.RunTime < sample.RunTime ? 0 : vcpu.RunTime - sample.RunTime, vcpu.Exits.Since(sample.Exits), interval);
                _output.End();
            }

            sample.RunTime = vcpu.RunTime;
            sample.Exits = vcpu.Exits;
        }

        return hidden;
    }

    private void PaintRates(ulong run, in ExitCounts exits, ulong interval)
    {
        if (interval == 0)
        {
            return;
        }

        ulong milliseconds = interval / 1_000_000;
        milliseconds = milliseconds == 0 ? 1 : milliseconds;
        _output.Percent(run / 1000 / milliseconds, ShareColumn);
        for (int i = 0; i < (int)ExitReason.Other; i++)
        {
            _output.Count(exits[(ExitReason)i] * 1000 / milliseconds, FirstRate + (i * RateWidth));
        }
    }

    private bool TakeRow(ref int hidden)
    {
        if (_rows == MostRows)
        {
            hidden++;
            return false;
        }

        _rows++;
        return true;
    }

    /// <summary>The last sample of a VCpu; the last entry serves all that there is no room for.</summary>
    private ref Sample SampleOf(int vm, int vcpu)
    {
        for (int i = 0; i < MostSamples; i++)
        {
            ref Sample sample = ref _samples[i];
            if (sample.Vm == 0 || i == MostSamples - 1)
            {
                sample = default;
                sample.Vm = vm;
                sample.VCpu = vcpu;
                return ref sample;
            }

            if (sample.Vm == vm && sample.VCpu == vcpu)
            {
                return ref sample;
            }
        }

        return ref _samples[MostSamples - 1];
    }

    private struct Sample
    {
        internal int Vm;
        internal int VCpu;
        internal ulong RunTime;
        internal ExitCounts Exits;
    }

    private struct CpuSample
    {
        internal ulong UpTime;
        internal ulong IdleTime;
    }
}

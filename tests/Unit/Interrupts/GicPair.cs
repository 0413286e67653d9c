using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace SharpVisor.Tests.Unit.Interrupts;

/// <summary>The virtual GIC and the model side by side: each operation is done to both.</summary>
internal sealed class GicPair
{
    private readonly TestMachine _machine;
    private readonly GicModel _model;
    private readonly int[] _universe;
    private readonly bool _splitEnd;
    private readonly bool _unlimited;
    private readonly List<uint>[] _toEnd;
    private readonly List<(int VCpu, uint Value)> _toDeactivate = [];
    private uint _word;

    internal List<string>? Trace;

    internal GicPair(int version, int cpus, int listRegisters, bool splitEnd, int[] universe)
    {
        _machine = new TestMachine(version, cpus, listRegisters, start: false);
        _model = new GicModel(version, cpus);
        _universe = universe;
        _splitEnd = splitEnd;

        // An end that finds nothing in a list register tells hardware no INTID. Which interrupt it was is known
        // only as long as guests make interrupts active and inactive in no other way, and don't turn the order of
        // priorities round by other binary points while they are in an interrupt.
        _unlimited = splitEnd || listRegisters == 16;
        _toEnd = Enumerable.Range(0, cpus).Select(_ => new List<uint>()).ToArray();
        Turn(0, true);
        Groups(0, 3);
        for (int i = 0; i < cpus; i++)
        {
            Turn(i, true);
            foreach (int interrupt in universe)
            {
                Enable(i, i, interrupt, true);
                Priority(i, interrupt, interrupt * 13 % 31 * 8);
                if (interrupt >= 32)
                {
                    Route(i, interrupt, interrupt % cpus);
                }
            }
        }
    }

    private int Take(int below)
    {
        int value = (int)(_word % (uint)below);
        _word /= (uint)below;
        return value;
    }

    private void Note(string text) => Trace?.Add(text);

    internal void Step(uint word)
    {
        _word = word;
        int vcpu = Take(_model.Cpus.Length);
        int kind = Take(32);
        if (!_model.Cpus[vcpu].On)
        {
            if (kind < 8)
            {
                Turn(vcpu, true);
            }

            return;
        }

        int interrupt = _universe[Take(_universe.Length)];
        switch (kind)
        {
            case < 5:
                Acknowledge(vcpu, Take(6) == 0);
                break;
            case < 9:
                End(vcpu);
                break;
            case 9:
            case 10:
                DeactivateSome(vcpu);
                break;
            case < 16:
                if (interrupt == TestMachine.Timer)
                {
                    Timer(vcpu, Take(2) != 0);
                }
                else if (interrupt >= 16)
                {
                    Line(vcpu, Take(_model.Cpus.Length), interrupt, Take(2) != 0);
                }
                else
                {
                    Send(vcpu, interrupt);
                }

                break;
            case < 19:
                Send(vcpu, Take(3));
                break;
            case 19:
                Enable(vcpu, OwnerFor(vcpu, interrupt), interrupt, Take(3) != 0);
                break;
            case 20:
                Pending(vcpu, interrupt, Take(2) != 0);
                break;
            case 21:
                Active(vcpu, interrupt, Take(3) == 0);
                break;
            case 22:
            case 23:
                Priority(vcpu, interrupt, Take(32) * 8);
                break;
            case 24:
                Group(vcpu, interrupt, Take(2) != 0);
                break;
            case 25:
                if (interrupt >= 32)
                {
                    Route(vcpu, interrupt, Take(_model.Cpus.Length + 2));
                }

                break;
            case 26:
                if (interrupt >= 32)
                {
                    Configure(vcpu, interrupt, Take(2) != 0);
                }

                break;
            case 27:
                Interface(vcpu, Take(8));
                break;
            case 28:
                Groups(vcpu, Take(3) == 0 ? Take(4) : 3);
                break;
            case 29:
                if (Take(3) == 0)
                {
                    Turn(vcpu, false);
                }

                break;
            case 30:
                SgiSources(vcpu, Take(3), Take(1 << _model.Cpus.Length), Take(2) != 0);
                break;
            case 31:
                CompareRegisters();
                break;
        }
    }

    internal void CompareInterfaces()
    {
        for (int i = 0; i < _model.Cpus.Length; i++)
        {
            if (!_model.Cpus[i].On)
            {
                continue;
            }

            TestCpuInterface cpu = _machine.Interfaces[i];
            Assert.Equal(
                (_model.Deliverable(i) >= 0, _model.HighestPendingRegister(i, false), _model.HighestPendingRegister(i, true), (uint)_model.RunningPriority(i)),
                (cpu.IsSignalled, cpu.HighestPending(false), cpu.HighestPending(true), cpu.RunningPriority));
        }
    }

    internal void CompareRegisters()
    {
        Note("compare registers");
        for (int reader = 0; reader < _model.Cpus.Length; reader++)
        {
            if (!_model.Cpus[reader].On)
            {
                continue;
            }

            for (int first = 0; first < 288; first += 32)
            {
                for (int owner = 0; owner < _model.Cpus.Length; owner++)
                {
                    if (owner != reader && (_model.Version == 2 || first > 0))
                    {
                        continue;
                    }

                    Assert.Equal((first, owner, "group", Expected(owner, first, s => s.Group1)), (first, owner, "group", _machine.ReadBits(reader, first, 0x80, owner)));
                    Assert.Equal((first, owner, "enabled", Expected(owner, first, s => s.Enabled)), (first, owner, "enabled", _machine.ReadBits(reader, first, 0x180, owner)));
                    Assert.Equal((first, owner, "pending", Expected(owner, first, s => s.Pending)), (first, owner, "pending", _machine.ReadBits(reader, first, 0x280, owner) & ~Unsure(reader, owner, first)));
                    Assert.Equal((first, owner, "active", Expected(owner, first, s => s.Active)), (first, owner, "active", _machine.ReadBits(reader, first, 0x380, owner)));
                }
            }

            CompareInterfaces();
        }
    }

    // What another CPU's timer does can't be seen from here: what it did last is shown.
    private uint Unsure(int reader, int owner, int first) => first == 0 && reader != owner && !_model.Cpus[owner].Private[27].Pending ? 1u << 27 : 0;

    private uint Expected(int owner, int first, System.Func<ModelInterrupt, bool> field)
    {
        uint result = 0;
        for (int i = 0; i < 32; i++)
        {
            result |= field(_model.Get(owner, first + i)) ? 1u << i : 0;
        }

        return result;
    }

    private void Acknowledge(int vcpu, bool group1Only)
    {
        uint expected = _model.Acknowledge(vcpu, group1Only);
        Note($"{vcpu} acknowledge {(group1Only ? "group 1 " : "")}-> {expected:x}");
        Assert.Equal(expected, _machine.Acknowledge(vcpu, group1Only, Take(4) == 0));
        if ((expected & 0x3ff) < 1020)
        {
            _toEnd[vcpu].Add(expected);
        }
    }

    private void End(int vcpu)
    {
        if (_toEnd[vcpu].Count == 0)
        {
            return;
        }

        uint value = _toEnd[vcpu][^1];
        Note($"{vcpu} end {value:x}");
        _toEnd[vcpu].RemoveAt(_toEnd[vcpu].Count - 1);
        _model.End(vcpu, value);
        _machine.End(vcpu, value, Take(4) == 0);
        if (_splitEnd)
        {
            _toDeactivate.Add((vcpu, value));
        }
    }

    private void DeactivateSome(int vcpu)
    {
        if (_toDeactivate.Count == 0)
        {
            return;
        }

        int index = Take(_toDeactivate.Count);
        (int by, uint value) = _toDeactivate[index];
        if (!_model.Cpus[by].On)
        {
            return;
        }

        if ((value & 0x3ff) >= 32)
        {
            by = vcpu; // anybody may, for shared ones
        }

        Note($"{by} deactivate {value:x}");
        _toDeactivate.RemoveAt(index);
        _model.Deactivate(by, value);
        _machine.Deactivate(by, value);
    }

    private void Line(int vcpu, int owner, int interrupt, bool level)
    {
        Note($"{vcpu} line of {interrupt} ({owner}) {level}");
        _model.SetLine(owner, interrupt, level);
        _machine.SetLine(vcpu, interrupt, level, owner);
    }

    private void Timer(int vcpu, bool level)
    {
        ModelInterrupt state = _model.Cpus[vcpu].Private[TestMachine.Timer];
        if (!level && _model.IsForwarded(state))
        {
            return; // hardware would have it pending in a list register a while longer
        }

        Note($"{vcpu} timer {level}");
        state.Line = level;
        _machine.SetTimer(vcpu, level);
    }

    private void Send(int vcpu, int sgi)
    {
        int targets = Take(1 << _model.Cpus.Length);
        bool others = Take(6) == 0;
        bool group0 = _model.Version == 3 && Take(4) == 0;
        Note($"{vcpu} sends SGI {sgi} to {(others ? "others" : targets.ToString("b"))}{(group0 ? " as group 0" : "")}");
        for (int i = 0; i < _model.Cpus.Length; i++)
        {
            ModelInterrupt state = _model.Cpus[i].Private[sgi];
            if (others ? i != vcpu : (targets >> i & 1) != 0)
            {
                state.Latches |= _model.Version == 2 ? 1 << vcpu : state.Group1 != group0 ? 1 : 0;
            }
        }

        if (_model.Version == 2)
        {
            _machine.Write(vcpu, 0xf00, (ulong)(uint)((others ? 1 << 24 : 0) | (targets << 16) | sgi));
        }
        else
        {
            ulong value = ((ulong)sgi << 24) | (others ? 1ul << 40 : 0) | (uint)targets;
            _machine.Run(vcpu, () =>
            {
                if (group0)
                {
                    _machine.Gic.SendGroup0Sgi(vcpu, value);
                }
                else
                {
                    _machine.Gic.SendSgi(vcpu, value);
                }
            });
        }
    }

    private int OwnerFor(int vcpu, int interrupt) => _model.Version == 3 && interrupt < 32 ? Take(_model.Cpus.Length) : vcpu;

    private void Enable(int vcpu, int owner, int interrupt, bool value)
    {
        Note($"{vcpu} {(value ? "enables" : "disables")} {interrupt} ({owner})");
        if (_model.Version == 3 || interrupt >= 16)
        {
            _model.Get(owner, interrupt).Enabled = value;
        }

        _machine.WriteBits(vcpu, interrupt, value ? 0x100u : 0x180, 1u << (interrupt & 31), owner);
    }

    private void Pending(int vcpu, int interrupt, bool value)
    {
        int owner = OwnerFor(vcpu, interrupt);
        Note($"{vcpu} makes {interrupt} ({owner}) {(value ? "" : "not ")}pending");
        if (_model.Version == 3 || interrupt >= 16)
        {
            _model.Get(owner, interrupt).Latches = value ? 1 : 0;
        }

        _machine.WriteBits(vcpu, interrupt, value ? 0x200u : 0x280, 1u << (interrupt & 31), owner);
    }

    private void Active(int vcpu, int interrupt, bool value)
    {
        if (!_unlimited)
        {
            return;
        }

        int owner = OwnerFor(vcpu, interrupt);
        Note($"{vcpu} makes {interrupt} ({owner}) {(value ? "" : "not ")}active");
        ModelInterrupt state = _model.Get(owner, interrupt);
        if (value && !state.Active)
        {
            state.ActiveSource = 0;
        }

        state.Active = value;
        _machine.WriteBits(vcpu, interrupt, value ? 0x300u : 0x380, 1u << (interrupt & 31), owner);
    }

    private void Priority(int vcpu, int interrupt, int value)
    {
        Note($"{vcpu} sets priority of {interrupt} to {value:x}");
        _model.Get(vcpu, interrupt).Priority = value;
        _machine.SetPriority(vcpu, interrupt, value);
    }

    private void Group(int vcpu, int interrupt, bool value)
    {
        int owner = OwnerFor(vcpu, interrupt);
        Note($"{vcpu} puts {interrupt} ({owner}) into group {(value ? 1 : 0)}");
        _model.Get(owner, interrupt).Group1 = value;
        uint bits = Expected(owner, interrupt & ~31, s => s.Group1);
        _machine.WriteBits(vcpu, interrupt, 0x80, bits, owner);
    }

    private void Route(int vcpu, int interrupt, int choice)
    {
        int cpus = _model.Cpus.Length;
        Note($"{vcpu} routes {interrupt} to {choice}");
        if (_model.Version == 3)
        {
            ulong route = choice < cpus ? (ulong)choice : choice == cpus ? 0x8000_0000ul : 0x1_0000_0000ul;
            _model.Shared[interrupt].Route = route;
            _machine.Write(vcpu, 0x6000 + (8 * (uint)interrupt), route, 8);
        }
        else
        {
            int targets = choice < cpus ? 1 << choice : choice == cpus ? 0 : (1 << cpus) - 1;
            _model.Shared[interrupt].Targets = targets;
            _machine.Write(vcpu, 0x800 + (uint)interrupt, (ulong)targets, 1);
        }
    }

    private void Configure(int vcpu, int interrupt, bool edge)
    {
        Note($"{vcpu} makes {interrupt} {(edge ? "edge" : "level")}");
        _model.Shared[interrupt].Edge = edge;
        uint register = 0xc00 + ((uint)interrupt / 16 * 4);
        uint bits = 0;
        for (int i = 0; i < 16; i++)
        {
            bits |= _model.Shared[(interrupt & ~15) + i].Edge ? 2u << (2 * i) : 0;
        }

        _machine.Write(vcpu, register, bits);
    }

    private void Groups(int vcpu, int groups)
    {
        Note($"{vcpu} enables groups {groups:b} in the distributor");
        _model.Groups = groups;
        _machine.Write(vcpu, 0, (ulong)groups);
    }

    private void SgiSources(int vcpu, int sgi, int sources, bool value)
    {
        if (_model.Version != 2)
        {
            return;
        }

        Note($"{vcpu} {(value ? "sets" : "clears")} sources {sources:b} of SGI {sgi}");
        ModelInterrupt state = _model.Cpus[vcpu].Private[sgi];
        state.Latches = value ? state.Latches | sources : state.Latches & ~sources;
        _machine.Write(vcpu, (value ? 0xf20u : 0xf10) + (uint)sgi, (ulong)sources, 1);
        Assert.Equal((ulong)state.Latches, _machine.Read(vcpu, 0xf20 + (uint)sgi, 1));
    }

    private void Interface(int vcpu, int choice)
    {
        ModelCpu cpu = _model.Cpus[vcpu];
        switch (choice)
        {
            case 0:
                cpu.PriorityMask = Take(32) * 8;
                break;
            case 1:
                cpu.Group0 = Take(2) != 0;
                break;
            case 2:
                cpu.Group1 = Take(2) != 0;
                break;
            case 3:
                cpu.AckCtl = Take(2) != 0;
                break;
            case 4:
                cpu.CommonBinaryPoint = Take(2) != 0;
                break;
            case 5 when _unlimited:
                cpu.BinaryPoint = 2 + Take(6);
                break;
            case 6 when _unlimited:
                cpu.AliasedBinaryPoint = 3 + Take(5);
                break;
            default:
                cpu.PriorityMask = 0xf8;
                cpu.Group0 = cpu.Group1 = cpu.AckCtl = true;
                break;
        }

        WriteInterface(vcpu);
    }

    private void WriteInterface(int vcpu)
    {
        ModelCpu cpu = _model.Cpus[vcpu];
        Note($"{vcpu} interface: mask {cpu.PriorityMask:x} groups {cpu.Group0} {cpu.Group1} ackctl {cpu.AckCtl} points {cpu.BinaryPoint} {cpu.AliasedBinaryPoint} {cpu.CommonBinaryPoint}");
        int control = (cpu.Group0 ? 1 : 0) | (cpu.Group1 ? 2 : 0) | (cpu.AckCtl ? 4 : 0) | (cpu.CommonBinaryPoint ? 16 : 0) | (cpu.SplitEnd ? 1 << 9 : 0);
        _machine.Run(vcpu, () => _machine.CpuFrame.Write(vcpu, 0, 4, (ulong)control));
        _machine.Run(vcpu, () => _machine.CpuFrame.Write(vcpu, 4, 4, (ulong)cpu.PriorityMask));
        _machine.Run(vcpu, () => _machine.CpuFrame.Write(vcpu, 8, 4, (ulong)cpu.BinaryPoint));
        _machine.Run(vcpu, () => _machine.CpuFrame.Write(vcpu, 0x1c, 4, (ulong)cpu.AliasedBinaryPoint));
    }

    private void Turn(int vcpu, bool on)
    {
        ModelCpu cpu = _model.Cpus[vcpu];
        if (cpu.On == on || (!on && _model.Cpus.Count(c => c.On) == 1))
        {
            return;
        }

        if (!on)
        {
            // A well-behaved guest leaves no interrupt half done: nobody could end it later.
            while (_toEnd[vcpu].Count > 0)
            {
                End(vcpu);
                CompareInterfaces();
            }
        }

        Note($"{vcpu} {(on ? "on" : "off")}");
        cpu.Reset();
        cpu.On = on;
        if (!on)
        {
            cpu.Private[TestMachine.Timer].Line = false;
            _machine.Stop(vcpu);
            return;
        }

        _machine.Start(vcpu);
        cpu.Group0 = cpu.Group1 = cpu.AckCtl = true;
        cpu.PriorityMask = 0xf8;
        cpu.SplitEnd = _splitEnd;
        WriteInterface(vcpu);
    }
}

using System.Collections.Generic;
using System.Linq;
using SharpVisor.Interrupts;
using Xunit;

namespace SharpVisor.Tests.Unit.Interrupts;

/// <summary>
/// A machine with a virtual GIC over software CPU interfaces. A kick arrives when the current operation is over,
/// except that a VCpu answers a recall at once, as one that waits for the lock does. Each CPU has a timer, INTID 27.
/// </summary>
internal sealed class TestMachine : GicEnvironment
{
    internal const int Timer = 27;

    internal readonly VirtualGic Gic;
    internal readonly TestCpuInterface[] Interfaces;
    internal readonly GicDistributor Distributor;
    internal readonly GicRedistributor? Redistributor;
    internal readonly GicCpuFrame CpuFrame;
    internal readonly bool[] On;
    internal readonly bool[] TimerLine;
    internal readonly bool[] TimerActive;
    internal int Kicks;
    internal int Maintenances;

    private readonly int[] _lines = new int[VirtualGic.InterruptCount];
    private readonly Queue<int> _pendingKicks = new();
    private int _current = VirtualGic.Nobody;

    internal TestMachine(int version, int count = 1, int listRegisters = 4, bool start = true)
    {
        Interfaces = Enumerable.Range(0, count).Select(i => new TestCpuInterface(this, i, listRegisters)).ToArray();
        Gic = new VirtualGic(version, Interfaces.ToArray<VirtualCpuInterface>(), this);
        Distributor = new GicDistributor(Gic);
        Redistributor = version == 3 ? new GicRedistributor(Gic) : null;
        CpuFrame = new GicCpuFrame(Gic, Interfaces.ToArray<SoftwareCpuInterface>());
        On = new bool[count];
        TimerLine = new bool[count];
        TimerActive = new bool[count];
        if (start)
        {
            for (int i = 0; i < count; i++)
            {
                Start(i);
            }
        }
    }

    internal static TestMachine Open(int version, int count = 1, int listRegisters = 4)
    {
        var machine = new TestMachine(version, count, listRegisters);
        machine.Write(0, 0, 3);
        for (int i = 0; i < count; i++)
        {
            machine.OpenInterface(i);
        }

        return machine;
    }

    internal void OpenInterface(int vcpu)
    {
        CpuFrame.Write(vcpu, 4, 4, 0xf8);
        CpuFrame.Write(vcpu, 0, 4, 3 | (1 << 2));
        if (Gic.Version == 3)
        {
            SetEnable(vcpu, 0, 0xffff);
        }
    }

    internal void Start(int vcpu)
    {
        On[vcpu] = true;
        Run(vcpu, () => Gic.RestoreContext(vcpu));
    }

    internal void Stop(int vcpu)
    {
        TimerLine[vcpu] = false;
        Run(vcpu, () => Gic.SaveContext(vcpu));
        On[vcpu] = false;
        TimerActive[vcpu] = false;
    }

    /// <summary>Does something on a VCpu's CPU, then lets everything arrive that is under way.</summary>
    internal void Run(int vcpu, System.Action action)
    {
        _current = vcpu;
        action();
        Settle();
    }

    internal ulong Read(int vcpu, uint offset, int size = 4)
    {
        ulong result = 0;
        Run(vcpu, () => result = Distributor.Read(vcpu, offset, size));
        return result;
    }

    internal void Write(int vcpu, uint offset, ulong value, int size = 4) => Run(vcpu, () => Distributor.Write(vcpu, offset, size, value));

    internal ulong ReadRedistributor(int vcpu, int owner, uint offset, int size = 4)
    {
        ulong result = 0;
        Run(vcpu, () => result = Redistributor!.Read(vcpu, (uint)((owner << 17) + offset), size));
        return result;
    }

    internal void WriteRedistributor(int vcpu, int owner, uint offset, ulong value, int size = 4) =>
        Run(vcpu, () => Redistributor!.Write(vcpu, (uint)((owner << 17) + offset), size, value));

    /// <summary>Reads one of the registers with a bit for each interrupt, for the 32 around an INTID, wherever this version has it.</summary>
    internal uint ReadBits(int vcpu, int interrupt, uint register, int owner = -1)
    {
        return Gic.Version == 3 && interrupt < 32
            ? (uint)ReadRedistributor(vcpu, owner < 0 ? vcpu : owner, 0x1_0000 + register)
            : (uint)Read(vcpu, register + ((uint)interrupt / 32 * 4));
    }

    internal void WriteBits(int vcpu, int interrupt, uint register, uint bits, int owner = -1)
    {
        if (Gic.Version == 3 && interrupt < 32)
        {
            WriteRedistributor(vcpu, owner < 0 ? vcpu : owner, 0x1_0000 + register, bits);
        }
        else
        {
            Write(vcpu, register + ((uint)interrupt / 32 * 4), bits);
        }
    }

    internal void SetEnable(int vcpu, int interrupt, uint bits) => WriteBits(vcpu, interrupt, 0x100, bits);

    internal void Enable(int vcpu, int interrupt) => SetEnable(vcpu, interrupt, 1u << (interrupt & 31));

    internal bool IsPending(int vcpu, int interrupt, int owner = -1) => (ReadBits(vcpu, interrupt, 0x200, owner) >> (interrupt & 31) & 1) != 0;

    internal bool IsActive(int vcpu, int interrupt, int owner = -1) => (ReadBits(vcpu, interrupt, 0x300, owner) >> (interrupt & 31) & 1) != 0;

    internal void SetPriority(int vcpu, int interrupt, int priority)
    {
        if (Gic.Version == 3 && interrupt < 32)
        {
            WriteRedistributor(vcpu, vcpu, 0x1_0400 + (uint)interrupt, (ulong)priority, 1);
        }
        else
        {
            Write(vcpu, 0x400 + (uint)interrupt, (ulong)priority, 1);
        }
    }

    /// <summary>Sends a shared interrupt to one VCpu.</summary>
    internal void Route(int vcpu, int interrupt, int target)
    {
        if (Gic.Version == 3)
        {
            Write(vcpu, 0x6000 + (8 * (uint)interrupt), (ulong)target, 8);
        }
        else
        {
            Write(vcpu, 0x800 + (uint)interrupt, 1ul << target, 1);
        }
    }

    internal void SetLine(int vcpu, int interrupt, bool level, int owner = 0)
    {
        _lines[interrupt] = level ? 1 : 0;
        Run(vcpu, () => Gic.SetLine(vcpu, owner, (uint)interrupt, ref _lines[interrupt]));
    }

    internal void SetTimer(int vcpu, bool level)
    {
        TimerLine[vcpu] = level;
        Run(vcpu, () => { });
    }

    /// <param name="vcpu">Who.</param>
    /// <param name="group1Only">By the register for group 1.</param>
    /// <param name="lateMaintenance">A kick comes before the maintenance interrupt, if there is one.</param>
    internal uint Acknowledge(int vcpu, bool group1Only = false, bool lateMaintenance = false)
    {
        uint result = 0;
        if (lateMaintenance)
        {
            Run(vcpu, () =>
            {
                result = Interfaces[vcpu].Acknowledge(group1Only);
                Gic.ServiceRequests(vcpu);
            });
        }
        else
        {
            Run(vcpu, () => result = (uint)CpuFrame.Read(vcpu, group1Only ? 0x20u : 0xc, 4));
        }

        return result;
    }

    /// <param name="vcpu">Who.</param>
    /// <param name="value">What was acknowledged.</param>
    /// <param name="lateMaintenance">A kick comes before the maintenance interrupt, if there is one.</param>
    internal void End(int vcpu, uint value, bool lateMaintenance = false)
    {
        if (lateMaintenance)
        {
            Run(vcpu, () =>
            {
                Interfaces[vcpu].End(value);
                Gic.ServiceRequests(vcpu);
            });
        }
        else
        {
            Run(vcpu, () => CpuFrame.Write(vcpu, 0x10, 4, value));
        }
    }

    internal void Deactivate(int vcpu, uint value) => Run(vcpu, () => CpuFrame.Write(vcpu, 0x1000, 4, value));

    public override void Kick(int vcpu)
    {
        Kicks++;
        _pendingKicks.Enqueue(vcpu);
        int interrupted = _current;
        _current = vcpu;
        Gic.AnswerRecall(vcpu);
        _current = interrupted;
    }

    public override bool IsHardwareAsserted(uint interrupt)
    {
        Assert.Equal((uint)Timer, interrupt);
        return TimerLine[_current];
    }

    internal void DeactivatePhysical(int vcpu, uint interrupt)
    {
        Assert.Equal((uint)Timer, interrupt);
        Assert.Equal(_current, vcpu);
        TimerActive[vcpu] = false;
    }

    private void Settle()
    {
        for (int rounds = 0; ; rounds++)
        {
            Assert.True(rounds < 10_000, "kicks or timer interrupts without end");
            if (_pendingKicks.TryDequeue(out int kicked))
            {
                if (On[kicked])
                {
                    _current = kicked;
                    Gic.ServiceRequests(kicked);
                }

                continue;
            }

            int due = Enumerable.Range(0, On.Length).FirstOrDefault(i => On[i] && Interfaces[i].NeedsMaintenance, -1);
            if (due >= 0)
            {
                Maintenances++;
                _current = due;
                Gic.HandleMaintenance(due);
                Assert.False(Interfaces[due].NeedsMaintenance, "the maintenance interrupt would repeat");
                continue;
            }

            int fires = Enumerable.Range(0, On.Length).FirstOrDefault(i => On[i] && TimerLine[i] && !TimerActive[i], -1);
            if (fires < 0)
            {
                break;
            }

            _current = fires;
            TimerActive[fires] = true;
            Gic.InjectHardware(fires, Timer);
        }
    }
}

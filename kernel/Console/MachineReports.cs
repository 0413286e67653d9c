using System;

namespace SharpVisor.Console;

/// <summary>What the commands <c>cpu</c>, <c>mem</c>, <c>irq</c> and <c>regs</c> show.</summary>
internal sealed class MachineReports
{
    private const int RegistersPerLine = 3;
    private const ulong PageSize = 4 << 10;

    private readonly MachineControl _control;
    private readonly ConsoleWriter _output;

    internal MachineReports(MachineControl control, ConsoleWriter output)
    {
        _control = control;
        _output = output;
    }

    /// <summary>Finds a VM's status by its number.</summary>
    internal static bool TryGetById(MachineControl control, int id, out VmStatus vm)
    {
        for (int i = 0; i < control.VmCount; i++)
        {
            if (control.TryGetVm(i, out vm) && vm.Id == id)
            {
                return true;
            }
        }

        vm = default;
        return false;
    }

    /// <summary>One line a CPU.</summary>
    internal void Cpus()
    {
        bool isUnseen = false;
        _output.Use(Paint.Strong).Text("CPU   AFFINITY      STATE        BUSY    READY   RUNS"u8).Use(Paint.Plain).End();
        for (int i = 0; i < _control.CpuCount; i++)
        {
            if (!_control.TryGetCpu(i, out CpuStatus cpu))
            {
                continue;
            }

            _output.Decimal((ulong)i, 3).Column(6).Hex(cpu.Affinity, 10).Column(20);
            if (!cpu.IsOnline)
            {
                _output.Use(Paint.Odd).Text("offline"u8).Use(Paint.Plain).End();
                continue;
            }

            _output.Text("online"u8);
            if (cpu.UpTime == 0 || !cpu.IsIdleSeen)
            {
                isUnseen = true;
                _output.Before(37, 1).Text("-"u8);
            }
            else
            {
                _output.Percent(1000 - Share(cpu.IdleTime, cpu.UpTime), 37);
            }

            _output.Decimal((ulong)cpu.Ready, 46).Column(49);
            if (TryGetById(_control, cpu.Vm, out VmStatus vm))
            {
                _output.Text(vm.Name).Text(" VCpu "u8).Decimal((ulong)cpu.VCpu);
            }
            else
            {
                _output.Text("idle"u8);
            }

            _output.End();
        }

        if (isUnseen)
        {
            _output.Line("Each VCpu has a CPU of its own and waits there by itself: how much is not seen."u8);
        }
    }

    /// <summary>Who has the memory.</summary>
    internal void Memory()
    {
        _control.GetMemory(out MemoryStatus memory);
        ulong vms = 0;
        ulong shared = 0;
        _output.Use(Paint.Strong).Text("MEMORY"u8).Before(44, 3).Text("NOW"u8).Before(56, 10).Text("GUARANTEED"u8).Before(68, 7).Text("MAXIMUM"u8)
            .Before(79, 8).Text("OVERHEAD"u8).Use(Paint.Plain).End();
        for (int i = 0; i < _control.VmCount; i++)
        {
            if (_control.TryGetVm(i, out VmStatus vm))
            {
                _output.Text("  "u8).Text(vm.Name).Size(vm.Memory, 44).Size(vm.MemoryGuarantee, 56).Size(vm.MemoryMaximum, 68)
                    .Size(vm.MemoryOverhead, 79).End();
                vms += vm.Memory - vm.MemoryShared + vm.MemoryOverhead;
                shared += vm.MemoryShared;
            }
        }

        _output.Text("virtual machines"u8).Size(vms, 44).End();
        if (memory.Shared != 0)
        {
            _output.Text("shared by several of them"u8).Size(memory.Shared, 44).Text("  (in the place of "u8).Size(shared).Line(")"u8);
        }

        _output.Text("hypervisor and boot bundle"u8).Size(memory.Hypervisor, 44).End();
        _output.Text("free"u8).Size(memory.Free, 44).Text("  ("u8).Size(memory.LargestFree).Line(" in one piece)"u8);
        _output.Text("  in pages of 4 KiB"u8).Decimal(memory.Free / PageSize, 44).End();
        _output.Text("  of it kept for guarantees"u8).Size(memory.Kept, 44).End();
        _output.Text("all"u8).Size(memory.Total, 44).End();
    }

    /// <summary>One line an interrupt.</summary>
    internal void Interrupts()
    {
        if (!_control.TryGetInterrupt(0, out _))
        {
            _output.Line("interrupts are not counted"u8);
            return;
        }

        _output.Use(Paint.Strong).Text("INTID          COUNT   FOR"u8).Use(Paint.Plain).End();
        for (int i = 0; _control.TryGetInterrupt(i, out InterruptStatus interrupt); i++)
        {
            _output.Decimal(interrupt.Number, 5).Decimal(interrupt.Count, 20).Column(23).Text(ControlText.Describe(interrupt.User));
            if (TryGetById(_control, interrupt.Vm, out VmStatus vm))
            {
                _output.Text(" of "u8).Text(vm.Name);
            }

            _output.End();
        }
    }

    /// <summary>A VCpu's registers.</summary>
    internal void Registers(in VmStatus vm, int index)
    {
        ControlResult result = _control.TryReadRegisters(vm.Id, index, out VCpuRegisters registers);
        if (!result.IsOk)
        {
            _output.Text("cannot read the registers of "u8).Text(vm.Name).Text(": "u8);
            if (result.Outcome == ControlOutcome.WrongState)
            {
                _output.Text("it is "u8).Text(ControlText.Describe(result.State)).Line("; vm pause first"u8);
            }
            else
            {
                _output.Line(ControlText.Describe(result.Outcome));
            }

            return;
        }

        _output.Text(vm.Name).Text(" VCpu "u8).Decimal((ulong)index).End();
        for (int i = 0; i < VCpuRegisters.GeneralCount; i++)
        {
            _output.Text(i < 10 ? "  X"u8 : " X"u8).Decimal((ulong)i).Text(" "u8).Hex(registers[i], 16).Text("   "u8);
            if (i % RegistersPerLine == RegistersPerLine - 1 || i == VCpuRegisters.GeneralCount - 1)
            {
                _output.End();
            }
        }

        Pair("PC"u8, registers.Pc, "PSTATE"u8, registers.Pstate);
        Pair("SP_EL0"u8, registers.SpEl0, "SP_EL1"u8, registers.SpEl1);
        Pair("ELR_EL1"u8, registers.ElrEl1, "SPSR_EL1"u8, registers.SpsrEl1);
        Pair("ESR_EL1"u8, registers.EsrEl1, "FAR_EL1"u8, registers.FarEl1);
        Pair("SCTLR_EL1"u8, registers.SctlrEl1, "TCR_EL1"u8, registers.TcrEl1);
        Pair("TTBR0_EL1"u8, registers.Ttbr0El1, "TTBR1_EL1"u8, registers.Ttbr1El1);
        Pair("VBAR_EL1"u8, registers.VbarEl1, default, 0);
    }

    /// <summary>A part in thousandths of a whole.</summary>
    internal static ulong Share(ulong part, ulong whole)
    {
        // Nanoseconds: scaled down where the product would not fit.
        while (part > ulong.MaxValue / 2000)
        {
            part >>= 1;
            whole >>= 1;
        }

        return whole == 0 ? 0 : Math.Min((part * 1000) / whole, 1000);
    }

    private void Pair(ReadOnlySpan<byte> first, ulong firstValue, ReadOnlySpan<byte> second, ulong secondValue)
    {
        _output.Text("  "u8).Text(first).Column(13).Hex(firstValue, 16);
        if (!second.IsEmpty)
        {
            _output.Column(33).Text(second).Column(43).Hex(secondValue, 16);
        }

        _output.End();
    }
}

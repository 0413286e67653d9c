using System;
using System.Buffers.Binary;
using SharpVisor.Arch;
using SharpVisor.Cpu;
using SharpVisor.Debug.Gdb;
using SharpVisor.Interrupts;
using SharpVisor.Memory;

namespace SharpVisor.Machine;

/// <content>Registers and memory.</content>
internal sealed partial class VmDebugger
{
    // Words in front of V0 in the saved SIMD state.
    private const int Fpcr = 0;
    private const int Fpsr = 1;
    private const int FirstVector = 2;
    private const ulong VirtualUser32 = 0x10;
    private const ulong Group1And0 = 3;

    /// <inheritdoc/>
    public override ulong ReadRegister(int thread, int number, out ulong high)
    {
        VCpu vcpu = _vm.VCpus[thread];
        SystemContext system = vcpu.System!;
        high = 0;
        switch (number)
        {
            case < DebugRegisters.StackPointer:
                return vcpu.ReadRegister((uint)number);
            case DebugRegisters.StackPointer:
                return system.Read(StackPointerOf(vcpu));
            case DebugRegisters.ProgramCounter:
                return vcpu.Pc;
            case DebugRegisters.Pstate:
                return vcpu.Pstate & ~ProcessorState.SoftwareStep & uint.MaxValue;
            case < DebugRegisters.Fpsr:
                int place = SystemContext.SimdState + FirstVector + (2 * (number - DebugRegisters.FirstVector));
                high = system.Read(place + 1);
                return system.Read(place);
            case DebugRegisters.Fpsr:
                return system.Read(SystemContext.SimdState + Fpsr);
            case DebugRegisters.Fpcr:
                return system.Read(SystemContext.SimdState + Fpcr);
            default:
                return ReadSystem(vcpu, (DebugSystemRegister)(number - DebugRegisters.FirstSystem));
        }
    }

    /// <inheritdoc/>
    public override bool TryWriteRegister(int thread, int number, ulong low, ulong high)
    {
        VCpu vcpu = _vm.VCpus[thread];
        SystemContext system = vcpu.System!;
        switch (number)
        {
            case < DebugRegisters.StackPointer:
                vcpu.WriteRegister((uint)number, low);
                return true;
            case DebugRegisters.StackPointer:
                system.Write(StackPointerOf(vcpu), low);
                return true;
            case DebugRegisters.ProgramCounter:
                vcpu.Pc = low;
                return true;
            case DebugRegisters.Pstate:
                return TryWritePstate(vcpu, low);
            case < DebugRegisters.Fpsr:
                int place = SystemContext.SimdState + FirstVector + (2 * (number - DebugRegisters.FirstVector));
                system.Write(place, low);
                system.Write(place + 1, high);
                return true;
            case DebugRegisters.Fpsr:
                system.Write(SystemContext.SimdState + Fpsr, low);
                return true;
            case DebugRegisters.Fpcr:
                system.Write(SystemContext.SimdState + Fpcr, low);
                return true;
            default:
                return TryWriteSystem(vcpu, (DebugSystemRegister)(number - DebugRegisters.FirstSystem), low);
        }
    }

    /// <inheritdoc/>
    public override int ReadMemory(int thread, bool isPhysical, ulong address, Span<byte> destination)
    {
        int done = 0;
        while (done < destination.Length)
        {
            ulong from = address + (uint)done;
            int part = (int)Math.Min((ulong)(destination.Length - done), PageTable.PageSize - (from % PageTable.PageSize));
            Span<byte> bytes = destination.Slice(done, part);
            ulong ipa = from;
            if ((!isPhysical && !TryTranslate(thread, from, out ipa, out _, out _)) || !_vm.Memory.TryRead(ipa, bytes))
            {
                break;
            }

            Cover(ipa, bytes);
            done += part;
        }

        return done;
    }

    /// <inheritdoc/>
    public override bool TryWriteMemory(int thread, bool isPhysical, ulong address, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int part = (int)Math.Min((ulong)bytes.Length, PageTable.PageSize - (address % PageTable.PageSize));
            ulong ipa = address;
            if ((!isPhysical && !TryTranslate(thread, address, out ipa, out _, out _)) || !_vm.Memory.TryLoad(ipa, bytes.Slice(0, part)))
            {
                return false;
            }

            WriteAround(ipa, (ulong)part);
            bytes = bytes.Slice(part);
            address += (ulong)part;
        }

        return true;
    }

    private static int StackPointerOf(VCpu vcpu) => (vcpu.Pstate & 1) != 0 ? SystemContext.SpEl1 : SystemContext.SpEl0;

    /// <summary>The guest stays below EL2, whatever is written.</summary>
    private static bool TryWritePstate(VCpu vcpu, ulong value)
    {
        ulong mode = value & ProcessorState.ModeMask;
        bool isRight = (vcpu.Pstate & ProcessorState.Aarch32) != 0
            ? mode == VirtualUser32
            : mode is ProcessorState.El0 or ProcessorState.El1Thread or ProcessorState.El1Handler;
        if (isRight)
        {
            vcpu.Pstate = value & uint.MaxValue & ~ProcessorState.SoftwareStep;
        }

        return isRight;
    }

    private ulong ReadSystem(VCpu vcpu, DebugSystemRegister register)
    {
        VirtualGic gic = _vm.Gic;
        switch (register)
        {
            case DebugSystemRegister.Mdscr:
                return vcpu.System!.HasDebugger ? vcpu.System.GuestMonitorControl : vcpu.System.Read((int)register);
            case <= DebugSystemRegister.CntvCval:
                return vcpu.System!.Read((int)register);
            case DebugSystemRegister.Mpidr:
                return vcpu.System!.Read(SystemContext.Vmpidr);
            case DebugSystemRegister.CntpCtl:
                return vcpu.PhysicalTimer!.Control;
            case DebugSystemRegister.CntpCval:
                return vcpu.PhysicalTimer!.CompareValue;
            case DebugSystemRegister.Cntvct:
                return _vm.StoppedCounter;
            case DebugSystemRegister.Cntvoff:
                return _vm.CounterOffset;
            case DebugSystemRegister.GicVmcr:
                return gic.InterfaceWord(vcpu.Index, 0);
            case DebugSystemRegister.GicActivePriorities0:
                return gic.InterfaceWord(vcpu.Index, 1);
            case DebugSystemRegister.GicActivePriorities1:
                return gic.InterfaceWord(vcpu.Index, 5);
            case DebugSystemRegister.GicControl:
                return gic.Groups;
            default:
                return gic.ReadBits(VirtualGic.Nobody, vcpu.Index, FirstOf(register, out InterruptField field), field);
        }
    }

    private bool TryWriteSystem(VCpu vcpu, DebugSystemRegister register, ulong value)
    {
        VirtualGic gic = _vm.Gic;
        switch (register)
        {
            case DebugSystemRegister.Mdscr when vcpu.System!.HasDebugger:
                vcpu.System.GuestMonitorControl = value;
                return true;
            case <= DebugSystemRegister.CntvCval:
                vcpu.System!.Write((int)register, value);
                return true;
            case DebugSystemRegister.CntpCtl:
                vcpu.PhysicalTimer!.Set(value, vcpu.PhysicalTimer.CompareValue);
                return true;
            case DebugSystemRegister.CntpCval:
                vcpu.PhysicalTimer!.Set(vcpu.PhysicalTimer.Control, value);
                return true;
            case DebugSystemRegister.GicControl:
                gic.WriteGroups(VirtualGic.Nobody, (uint)(value & Group1And0));
                return true;
            case >= DebugSystemRegister.GicEnabled0 and < DebugSystemRegister.GicActive0:
                uint first = FirstOf(register, out InterruptField field);
                gic.WriteBits(VirtualGic.Nobody, vcpu.Index, first, field, ~(uint)value, value: false);
                gic.WriteBits(VirtualGic.Nobody, vcpu.Index, first, field, (uint)value, value: true);
                return true;
            default:
                return false;
        }
    }

    private static uint FirstOf(DebugSystemRegister register, out InterruptField field)
    {
        const uint wordsOfField = 3;
        uint word = (uint)(register - DebugSystemRegister.GicEnabled0);
        field = InterruptField.Enabled + (int)(word / wordsOfField);
        return word % wordsOfField * 32;
    }

    private bool TryTranslate(int thread, ulong address, out ulong ipa, out bool isWritable, out bool isForUser)
    {
        SystemContext system = _vm.VCpus[thread].System!;
        return Stage1Walk.TryTranslate(
            address, system.Read(SystemContext.Sctlr), system.Read(SystemContext.Tcr), system.Read(SystemContext.Ttbr0), system.Read(SystemContext.Ttbr1),
            _vm.Memory, out ipa, out isWritable, out isForUser);
    }

    /// <summary>Shows what stands under breakpoints that are written into memory.</summary>
    private void Cover(ulong ipa, Span<byte> bytes)
    {
        for (int i = 0; i < MostWritten; i++)
        {
            for (int j = 0; _written[i].IsThere && j < (int)InstructionSize; j++)
            {
                ulong place = _written[i].Ipa + (uint)j - ipa;
                if (place < (ulong)bytes.Length)
                {
                    bytes[(int)place] = (byte)(_written[i].Instruction >> (8 * j));
                }
            }
        }
    }

    /// <summary>Breakpoints in memory that was written to are written anew, above what was written.</summary>
    private void WriteAround(ulong ipa, ulong length)
    {
        for (int i = 0; i < MostWritten; i++)
        {
            if (_written[i].IsThere && _written[i].Ipa + InstructionSize > ipa && _written[i].Ipa < ipa + length)
            {
                PutIn(ref _written[i]);
            }
        }
    }

    private bool TryReadWords(ulong ipa, int length, out ulong low, out ulong high)
    {
        Span<byte> bytes = stackalloc byte[2 * sizeof(ulong)];
        bytes.Clear();
        bool isThere = _vm.Memory.TryRead(ipa, bytes.Slice(0, length));
        low = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        high = BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(sizeof(ulong)));
        return isThere;
    }

    private bool TryWriteWords(ulong ipa, int length, ulong low, ulong high)
    {
        Span<byte> bytes = stackalloc byte[2 * sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, low);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.Slice(sizeof(ulong)), high);
        return _vm.Memory.TryWrite(ipa, bytes.Slice(0, length));
    }
}

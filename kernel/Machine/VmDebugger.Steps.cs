using SharpVisor.Arch;
using SharpVisor.Cpu;

namespace SharpVisor.Machine;

/// <content>
/// Single steps. The CPU makes them (software step, Arm ARM D2.12), with interrupts of the guest held back; what that
/// changes of what the guest sees is put right afterwards. Instructions that wait do nothing, and the second half of an
/// exclusive access is carried out here: each stop ends the CPU's own exclusive state.
/// </content>
internal sealed partial class VmDebugger
{
    private const ulong InterruptMasks = (1 << 6) | (1 << 7); // PSTATE.F, I
    private const ulong SyncVectors = 0x600; // offsets of synchronous exceptions: multiples of 0x200 up to this
    private const ulong VectorMask = 0x7ff;
    private const uint ZeroRegister = 31;

    private struct StepState
    {
        internal bool IsStepping;
        internal bool WasStep;
        internal bool IsLifted;
        internal int Lifted;
        internal ulong Pc;
        internal ulong Masks;
        internal ulong Base;
        internal uint Instruction;
        internal ulong RangeStart;
        internal ulong RangeEnd;
        internal ExclusiveMonitor Monitor;
    }

    private struct ExclusiveMonitor
    {
        internal bool IsSet;
        internal ulong Address;
        internal int Length;
        internal ulong Low;
        internal ulong High;
    }

    private void BeginStep(int thread)
    {
        VCpu vcpu = _vm.VCpus[thread];
        ref StepState step = ref _steps[thread];
        step.IsStepping = true;
        step.WasStep = false;
        step.RangeEnd = _ranged >> thread != 0 ? step.RangeEnd : 0;
        step.Pc = vcpu.Pc;
        step.Masks = vcpu.Pstate & InterruptMasks;
        step.Instruction = Fetch(thread);
        step.Base = BaseOf(vcpu, new StepInstruction(step.Instruction));
        step.IsLifted = false;
        for (int i = 0; i < MostWritten; i++)
        {
            if (_written[i].IsThere && _written[i].Address == vcpu.Pc)
            {
                TakeOut(ref _written[i]);
                step.IsLifted = true;
                step.Lifted = i;
            }
        }

        // Not the breakpoint that it stands at.
        for (int i = 0; i < MostSlots; i++)
        {
            vcpu.System!.SetDebugRegister(i, 0, 0);
        }

        vcpu.System!.SetSingleStep(true);
        vcpu.Pstate |= ProcessorState.SoftwareStep | (StepsIntoInterrupts ? 0 : InterruptMasks);
    }

    private void EndSteps()
    {
        for (int i = 0; i < ThreadCount; i++)
        {
            if (_steps[i].IsStepping)
            {
                EndStep(i);
            }
        }
    }

    private void ForgetSteps()
    {
        for (int i = 0; i < ThreadCount; i++)
        {
            _steps[i] = default;
        }
    }

    private void EndStep(int thread)
    {
        VCpu vcpu = _vm.VCpus[thread];
        ref StepState step = ref _steps[thread];
        bool isDone = (vcpu.Pstate & ProcessorState.SoftwareStep) == 0;
        step.IsStepping = false;
        step.WasStep = isDone;
        vcpu.Pstate &= ~ProcessorState.SoftwareStep;
        vcpu.System!.SetSingleStep(false);
        ApplyPoints(vcpu);
        if (step.IsLifted)
        {
            PutIn(ref _written[step.Lifted]);
            step.IsLifted = false;
        }

        if (!isDone)
        {
            RestoreMasks(vcpu, step.Masks);
            return;
        }

        var instruction = new StepInstruction(step.Instruction);
        if (HasTakenException(vcpu, step.Pc))
        {
            ulong saved = vcpu.System.Read(SystemContext.Spsr) & ~ProcessorState.SoftwareStep;
            vcpu.System.Write(SystemContext.Spsr, StepsIntoInterrupts ? saved : (saved & ~InterruptMasks) | step.Masks);
            step.Monitor.IsSet = false;
            return;
        }

        if (instruction.IsLoadExclusive)
        {
            Watch(vcpu, thread, instruction);
        }
        else if (instruction.IsExceptionReturn || instruction.ClearsMonitor)
        {
            step.Monitor.IsSet = false;
        }

        if (StepsIntoInterrupts || instruction.ReplacesMasks)
        {
            return;
        }

        ulong masks = step.Masks;
        if (instruction.SetsMasks)
        {
            masks |= instruction.Masks & InterruptMasks;
        }
        else if (instruction.ClearsMasks)
        {
            masks &= ~instruction.Masks;
        }
        else if (instruction.ReadsMasks)
        {
            vcpu.WriteRegister(instruction.Target, (vcpu.ReadRegister(instruction.Target) & ~InterruptMasks) | masks);
        }

        RestoreMasks(vcpu, masks);
    }

    private static void RestoreMasks(VCpu vcpu, ulong masks) => vcpu.Pstate = (vcpu.Pstate & ~InterruptMasks) | masks;

    private static bool HasTakenException(VCpu vcpu, ulong pc)
    {
        SystemContext system = vcpu.System!;
        ulong offset = vcpu.Pc - (system.Read(SystemContext.Vbar) & ~VectorMask);
        return offset <= SyncVectors && offset % 0x200 == 0 && (vcpu.Pstate & ProcessorState.ModeMask) == ProcessorState.El1Handler
            && system.Read(SystemContext.Elr) - pc <= InstructionSize;
    }

    /// <summary>The instruction that a VCpu is at; 0 where it cannot be read, or is one of AArch32.</summary>
    private uint Fetch(int thread)
    {
        VCpu vcpu = _vm.VCpus[thread];
        if ((vcpu.Pstate & ProcessorState.Aarch32) != 0 || !TryTranslate(thread, vcpu.Pc, out ulong ipa, out _, out _))
        {
            return 0;
        }

        for (int i = 0; i < MostWritten; i++)
        {
            if (_written[i].IsThere && _written[i].Ipa == ipa)
            {
                return _written[i].Instruction;
            }
        }

        return _vm.Memory.TryReadUInt32(ipa, out uint instruction) ? instruction : 0;
    }

    private static ulong BaseOf(VCpu vcpu, StepInstruction instruction) => instruction.Base != ZeroRegister
        ? vcpu.ReadRegister(instruction.Base)
        : vcpu.System!.Read((vcpu.Pstate & 1) != 0 ? SystemContext.SpEl1 : SystemContext.SpEl0);

    /// <summary>Steps without the CPU, where the instruction waits or is the second half of an exclusive access.</summary>
    private bool TryEmulate(int thread)
    {
        VCpu vcpu = _vm.VCpus[thread];
        var instruction = new StepInstruction(Fetch(thread));
        if (instruction.IsWait)
        {
            vcpu.SkipInstruction();
            return true;
        }

        ref ExclusiveMonitor monitor = ref _steps[thread].Monitor;
        if (!instruction.IsStoreExclusive || !monitor.IsSet)
        {
            return false;
        }

        ulong address = BaseOf(vcpu, instruction);
        int length = instruction.IsPair ? 2 * instruction.Size : instruction.Size;
        bool isForUser = (vcpu.Pstate & ProcessorState.ModeMask) == ProcessorState.El0;
        if (!TryTranslate(thread, address, out ulong ipa, out bool isWritable, out bool isUsers) || !isWritable || (isForUser && !isUsers))
        {
            return false; // the CPU finds out what is wrong with it
        }

        ulong high = 0;
        bool isSame = monitor.Address == address && monitor.Length == length && address % (uint)length == 0
            && TryReadWords(ipa, length, out ulong low, out high) && low == monitor.Low && high == monitor.High;
        if (isSame)
        {
            low = vcpu.ReadRegister(instruction.Target);
            if (instruction.IsPair)
            {
                high = vcpu.ReadRegister(instruction.SecondTarget);
                if (instruction.Size == sizeof(uint))
                {
                    low = (uint)low | (high << 32);
                }
            }

            isSame = TryWriteWords(ipa, length, low, high);
        }

        monitor.IsSet = false;
        vcpu.WriteRegister(instruction.Status, isSame ? 0u : 1u);
        vcpu.SkipInstruction();
        return true;
    }

    /// <summary>The VCpu has loaded exclusively: what its store compares with.</summary>
    private void Watch(VCpu vcpu, int thread, StepInstruction instruction)
    {
        ref StepState step = ref _steps[thread];
        step.Monitor.Address = step.Base;
        step.Monitor.Length = instruction.IsPair ? 2 * instruction.Size : instruction.Size;
        step.Monitor.IsSet = TryTranslate(thread, step.Base, out ulong ipa, out _, out _)
            && TryReadWords(ipa, step.Monitor.Length, out step.Monitor.Low, out step.Monitor.High);
    }
}

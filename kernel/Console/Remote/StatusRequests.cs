using System;

namespace SharpVisor.Console;

/// <summary>What can be asked without changing anything: VMs, VCpus, CPUs, memory, interrupts, registers.</summary>
internal sealed class StatusRequests
{
    private readonly MachineControl _control;

    internal StatusRequests(MachineControl control) => _control = control;

    /// <summary>Answers a request of the group 0x10, or of disks.</summary>
    internal ControlResult Execute(ControlOperation operation, PayloadReader request, ref PayloadWriter answer)
    {
        switch (operation)
        {
            case ControlOperation.ListVms:
                return ListVms(ref request, ref answer);
            case ControlOperation.GetVm:
                return GetVm(ref request, ref answer);
            case ControlOperation.FindVm:
                return FindVm(request.Rest, ref answer);
            case ControlOperation.ListVCpus:
                return ListVCpus(ref request, ref answer);
            case ControlOperation.ListDisks:
                return ListDisks(ref request, ref answer);
            case ControlOperation.ListCpus:
                return ListCpus(ref request, ref answer);
            case ControlOperation.Memory:
                _control.GetMemory(out MemoryStatus memory);
                StatusRecords.Write(ref answer, memory);
                return ControlResult.Ok;
            case ControlOperation.ListInterrupts:
                return ListInterrupts(ref request, ref answer);
            case ControlOperation.Registers:
                return Registers(ref request, ref answer);
            default:
                return ControlResult.Failed(ControlOutcome.UnknownOperation);
        }
    }

    /// <summary>How many records of a size there is room for.</summary>
    private static int Most(in PayloadWriter answer, int size) => (answer.Room - ListHeader.Length) / size;

    private static void Begin(ref PayloadWriter answer, int count, int first, int size, int records)
    {
        ListHeader header = default;
        header.Count = (uint)count;
        header.First = (uint)first;
        header.RecordSize = (ushort)size;
        header.Records = (ushort)records;
        header.Write(ref answer);
    }

    /// <summary>Which part of a list is asked for, and fits.</summary>
    private static bool TryGetPart(ref PayloadReader request, in PayloadWriter answer, int count, int size, out int first, out int records)
    {
        uint asked = request.UInt32();
        first = (int)Math.Min(asked, (uint)count);
        records = Math.Min(count - first, Most(answer, size));
        return request.IsComplete;
    }

    private ControlResult ListVms(ref PayloadReader request, ref PayloadWriter answer)
    {
        int count = _control.VmCount;
        if (!TryGetPart(ref request, answer, count, StatusRecords.VmSize, out int first, out int records))
        {
            return ControlResult.Failed(ControlOutcome.BadRequest);
        }

        Begin(ref answer, count, first, StatusRecords.VmSize, records);
        for (int i = first; i < first + records; i++)
        {
            _control.TryGetVm(i, out VmStatus status);
            StatusRecords.Write(ref answer, status);
        }

        return ControlResult.Ok;
    }

    private ControlResult GetVm(ref PayloadReader request, ref PayloadWriter answer)
    {
        int vm = (int)request.UInt32();
        if (!request.IsComplete)
        {
            return ControlResult.Failed(ControlOutcome.BadRequest);
        }

        if (!MachineReports.TryGetById(_control, vm, out VmStatus status))
        {
            return ControlResult.Failed(ControlOutcome.NoSuchVm);
        }

        StatusRecords.Write(ref answer, status);
        return ControlResult.Ok;
    }

    private ControlResult FindVm(ReadOnlySpan<byte> name, ref PayloadWriter answer)
    {
        for (int i = 0; i < _control.VmCount; i++)
        {
            if (_control.TryGetVm(i, out VmStatus status) && status.Name.Is(name))
            {
                StatusRecords.Write(ref answer, status);
                return ControlResult.Ok;
            }
        }

        return ControlResult.Failed(ControlOutcome.NoSuchVm);
    }

    private ControlResult ListDisks(ref PayloadReader request, ref PayloadWriter answer)
    {
        int vm = (int)request.UInt32();
        int count = 0;
        while (_control.TryGetDisk(vm, count, out _))
        {
            count++;
        }

        if (!TryGetPart(ref request, answer, count, StatusRecords.DiskSize, out int first, out int records))
        {
            return ControlResult.Failed(ControlOutcome.BadRequest);
        }

        Begin(ref answer, count, first, StatusRecords.DiskSize, records);
        for (int i = 0; i < records; i++)
        {
            _control.TryGetDisk(vm, first + i, out VmDiskStatus disk);
            StatusRecords.Write(ref answer, first + i, disk);
        }

        return ControlResult.Ok;
    }

    /// <summary>VCpus are numbered through, VM after VM.</summary>
    private ControlResult ListVCpus(ref PayloadReader request, ref PayloadWriter answer)
    {
        int vm = (int)request.UInt32();
        int count = 0;
        bool isFound = vm == 0;
        for (int i = 0; i < _control.VmCount; i++)
        {
            if (_control.TryGetVm(i, out VmStatus status) && (vm == 0 || status.Id == vm))
            {
                count += status.VCpus;
                isFound = true;
            }
        }

        if (!TryGetPart(ref request, answer, count, StatusRecords.VCpuSize, out int first, out int records))
        {
            return ControlResult.Failed(ControlOutcome.BadRequest);
        }

        if (!isFound)
        {
            return ControlResult.Failed(ControlOutcome.NoSuchVm);
        }

        Begin(ref answer, count, first, StatusRecords.VCpuSize, records);
        int place = 0;
        for (int i = 0; i < _control.VmCount && records != 0; i++)
        {
            if (!_control.TryGetVm(i, out VmStatus status) || (vm != 0 && status.Id != vm))
            {
                continue;
            }

            for (int index = Math.Max(first - place, 0); index < status.VCpus && records != 0; index++, records--)
            {
                if (!_control.TryGetVCpu(status.Id, index, out VCpuStatus vcpu))
                {
                    vcpu.Cpu = -1; // it has no memory yet
                }

                StatusRecords.Write(ref answer, status.Id, index, vcpu);
            }

            place += status.VCpus;
        }

        return ControlResult.Ok;
    }

    private ControlResult ListCpus(ref PayloadReader request, ref PayloadWriter answer)
    {
        int count = _control.CpuCount;
        if (!TryGetPart(ref request, answer, count, StatusRecords.CpuSize, out int first, out int records))
        {
            return ControlResult.Failed(ControlOutcome.BadRequest);
        }

        Begin(ref answer, count, first, StatusRecords.CpuSize, records);
        for (int i = first; i < first + records; i++)
        {
            _control.TryGetCpu(i, out CpuStatus status);
            StatusRecords.Write(ref answer, i, status);
        }

        return ControlResult.Ok;
    }

    private ControlResult ListInterrupts(ref PayloadReader request, ref PayloadWriter answer)
    {
        int count = 0;
        while (_control.TryGetInterrupt(count, out _))
        {
            count++;
        }

        if (!TryGetPart(ref request, answer, count, StatusRecords.InterruptSize, out int first, out int records))
        {
            return ControlResult.Failed(ControlOutcome.BadRequest);
        }

        Begin(ref answer, count, first, StatusRecords.InterruptSize, records);
        for (int i = first; i < first + records; i++)
        {
            _control.TryGetInterrupt(i, out InterruptStatus status);
            StatusRecords.Write(ref answer, status);
        }

        return ControlResult.Ok;
    }

    private ControlResult Registers(ref PayloadReader request, ref PayloadWriter answer)
    {
        int vm = (int)request.UInt32();
        int index = (int)request.UInt32();
        if (!request.IsComplete)
        {
            return ControlResult.Failed(ControlOutcome.BadRequest);
        }

        ControlResult result = _control.TryReadRegisters(vm, index, out VCpuRegisters registers);
        if (result.IsOk)
        {
            StatusRecords.Write(ref answer, registers);
        }

        return result;
    }
}

using System;

namespace SharpVisor.Console;

/// <summary>What <see cref="MachineControl"/> tells, as records of the protocol. New fields come behind the old ones.</summary>
internal static class StatusRecords
{
    /// <summary>Bytes of a VM's record.</summary>
    internal const int VmSize = 176;

    /// <summary>Bytes of a VCpu's record.</summary>
    internal const int VCpuSize = 32 + ((int)ExitReason.Count * sizeof(ulong));

    /// <summary>Bytes of a CPU's record.</summary>
    internal const int CpuSize = 40;

    /// <summary>Bytes of an interrupt's record.</summary>
    internal const int InterruptSize = 24;

    /// <summary>Bytes of a disk's record.</summary>
    internal const int DiskSize = 40 + (10 * sizeof(ulong));

    private const ulong NanosecondsPerMillisecond = 1_000_000;

    /// <summary>Writes a VM's record.</summary>
    internal static void Write(ref PayloadWriter payload, in VmStatus status)
    {
        Span<byte> name = stackalloc byte[VmName.Capacity];
        name.Clear();
        int length = status.Name.CopyTo(name);
        payload.UInt32((uint)status.Id);
        payload.UInt8((uint)status.State);
        payload.UInt8((uint)status.GicVersion);
        payload.UInt16((uint)status.VCpus);
        payload.UInt64(status.Memory);
        payload.UInt64(status.MemoryMaximum);
        payload.UInt64(status.MemoryGuarantee);
        payload.UInt64(status.MemoryOverhead);
        payload.UInt64(status.UpTime);
        payload.UInt32((uint)status.Restarts);
        payload.UInt32((uint)status.Weight);
        payload.UInt32((uint)status.Cap);
        payload.UInt8((uint)length);
        payload.Bytes(name);
        payload.UInt32((uint)Math.Min((status.RestartIn + NanosecondsPerMillisecond - 1) / NanosecondsPerMillisecond, uint.MaxValue));
        payload.UInt64(status.MemoryShared);
        payload.UInt64(status.HasBalloonDriver ? 1u : 0);
        payload.UInt64(status.Balloon);
        payload.UInt64(status.BalloonTarget);
        payload.UInt64(status.GuestMemory);
        payload.UInt64(status.GuestAvailable);
        payload.UInt64(status.GuestFree);
        payload.UInt64(status.GuestCaches);
        payload.UInt64(status.GuestSwappedOut);
        payload.UInt64(status.GuestMajorFaults);
    }

    /// <summary>Reads a VM's record.</summary>
    internal static VmStatus ReadVm(ReadOnlySpan<byte> record)
    {
        PayloadReader payload = new(record);
        VmStatus status = default;
        status.Id = (int)payload.UInt32();
        status.State = (VmState)payload.UInt8();
        status.GicVersion = payload.UInt8();
        status.VCpus = payload.UInt16();
        status.Memory = payload.UInt64();
        status.MemoryMaximum = payload.UInt64();
        status.MemoryGuarantee = payload.UInt64();
        status.MemoryOverhead = payload.UInt64();
        status.UpTime = payload.UInt64();
        status.Restarts = (int)payload.UInt32();
        status.Weight = (int)payload.UInt32();
        status.Cap = (int)payload.UInt32();
        int length = payload.UInt8();
        ReadOnlySpan<byte> name = payload.Bytes(VmName.Capacity);
        status.Name = VmName.From(name.Slice(0, Math.Min(length, name.Length)));
        status.RestartIn = payload.UInt32() * NanosecondsPerMillisecond;
        status.MemoryShared = payload.UInt64();
        status.HasBalloonDriver = (payload.UInt64() & 1) != 0;
        status.Balloon = payload.UInt64();
        status.BalloonTarget = payload.UInt64();
        status.GuestMemory = payload.UInt64();
        status.GuestAvailable = payload.UInt64();
        status.GuestFree = payload.UInt64();
        status.GuestCaches = payload.UInt64();
        status.GuestSwappedOut = payload.UInt64();
        status.GuestMajorFaults = payload.UInt64();
        return status;
    }

    /// <summary>Writes a disk's record.</summary>
    internal static void Write(ref PayloadWriter payload, int index, in VmDiskStatus status)
    {
        Span<byte> serial = stackalloc byte[VmName.Capacity];
        serial.Clear();
        int length = status.Serial.CopyTo(serial);
        payload.UInt32((uint)index);
        payload.UInt8((uint)status.Slot);
        payload.UInt8(status.IsReadOnly ? 1u : 0);
        payload.UInt16(0);
        payload.UInt8((uint)length);
        payload.Bytes(serial);
        payload.UInt64(status.Size);
        payload.UInt64(status.OverlayUsed);
        payload.UInt64(status.OverlaySize);
        payload.UInt64(status.Reads);
        payload.UInt64(status.Writes);
        payload.UInt64(status.Flushes);
        payload.UInt64(status.Erases);
        payload.UInt64(status.Errors);
        payload.UInt64(status.ReadBytes);
        payload.UInt64(status.WrittenBytes);
    }

    /// <summary>Reads a disk's record.</summary>
    internal static VmDiskStatus ReadDisk(ReadOnlySpan<byte> record)
    {
        PayloadReader payload = new(record);
        VmDiskStatus status = default;
        payload.UInt32();
        status.Slot = payload.UInt8();
        status.IsReadOnly = payload.UInt8() != 0;
        payload.UInt16();
        int length = payload.UInt8();
        ReadOnlySpan<byte> serial = payload.Bytes(VmName.Capacity);
        status.Serial = VmName.From(serial.Slice(0, Math.Min(length, serial.Length)));
        status.Size = payload.UInt64();
        status.OverlayUsed = payload.UInt64();
        status.OverlaySize = payload.UInt64();
        status.Reads = payload.UInt64();
        status.Writes = payload.UInt64();
        status.Flushes = payload.UInt64();
        status.Erases = payload.UInt64();
        status.Errors = payload.UInt64();
        status.ReadBytes = payload.UInt64();
        status.WrittenBytes = payload.UInt64();
        return status;
    }

    /// <summary>Writes a VCpu's record.</summary>
    internal static void Write(ref PayloadWriter payload, int vm, int index, in VCpuStatus status)
    {
        payload.UInt32((uint)vm);
        payload.UInt16((uint)index);
        payload.UInt8((uint)status.State);
        payload.UInt8((uint)ExitReason.Count);
        payload.UInt32((uint)status.Cpu);
        payload.UInt32(0);
        payload.UInt64(status.RunTime);
        payload.UInt64(status.StolenTime);
        ExitCounts exits = status.Exits;
        for (ExitReason reason = 0; reason < ExitReason.Count; reason++)
        {
            payload.UInt64(exits[reason]);
        }
    }

    /// <summary>Reads a VCpu's record. Reasons that this version does not know are counted as <see cref="ExitReason.Other"/>.</summary>
    internal static VCpuStatus ReadVCpu(ReadOnlySpan<byte> record, out int vm, out int index)
    {
        PayloadReader payload = new(record);
        VCpuStatus status = default;
        vm = (int)payload.UInt32();
        index = payload.UInt16();
        status.State = (VCpuState)payload.UInt8();
        int reasons = payload.UInt8();
        status.Cpu = (int)payload.UInt32();
        payload.UInt32();
        status.RunTime = payload.UInt64();
        status.StolenTime = payload.UInt64();
        ExitCounts exits = default;
        for (int i = 0; i < reasons; i++)
        {
            exits[(ExitReason)Math.Min(i, (int)ExitReason.Other)] += payload.UInt64();
        }

        status.Exits = exits;
        return status;
    }

    /// <summary>Writes a CPU's record.</summary>
    internal static void Write(ref PayloadWriter payload, int index, in CpuStatus status)
    {
        payload.UInt32((uint)index);
        payload.UInt8(status.IsOnline ? 1u : 0);
        payload.UInt8(0);
        payload.UInt16((uint)status.Ready);
        payload.UInt64(status.Affinity);
        payload.UInt64(status.UpTime);
        payload.UInt64(status.IdleTime);
        payload.UInt32((uint)status.Vm);
        payload.UInt32((uint)status.VCpu);
    }

    /// <summary>Reads a CPU's record.</summary>
    internal static CpuStatus ReadCpu(ReadOnlySpan<byte> record, out int index)
    {
        PayloadReader payload = new(record);
        CpuStatus status = default;
        index = (int)payload.UInt32();
        status.IsOnline = payload.UInt8() != 0;
        payload.UInt8();
        status.Ready = payload.UInt16();
        status.Affinity = payload.UInt64();
        status.UpTime = payload.UInt64();
        status.IdleTime = payload.UInt64();
        status.Vm = (int)payload.UInt32();
        status.VCpu = (int)payload.UInt32();
        return status;
    }

    /// <summary>Writes an interrupt's record.</summary>
    internal static void Write(ref PayloadWriter payload, in InterruptStatus status)
    {
        payload.UInt32(status.Number);
        payload.UInt32((uint)status.User & byte.MaxValue);
        payload.UInt32((uint)status.Vm);
        payload.UInt32(0);
        payload.UInt64(status.Count);
    }

    /// <summary>Reads an interrupt's record.</summary>
    internal static InterruptStatus ReadInterrupt(ReadOnlySpan<byte> record)
    {
        PayloadReader payload = new(record);
        InterruptStatus status = default;
        status.Number = payload.UInt32();
        status.User = (InterruptUser)(payload.UInt32() & byte.MaxValue);
        status.Vm = (int)payload.UInt32();
        payload.UInt32();
        status.Count = payload.UInt64();
        return status;
    }

    /// <summary>Writes the machine's memory.</summary>
    internal static void Write(ref PayloadWriter payload, in MemoryStatus status)
    {
        payload.UInt64(status.Total);
        payload.UInt64(status.Free);
        payload.UInt64(status.LargestFree);
        payload.UInt64(status.Hypervisor);
        payload.UInt64(status.Shared);
        payload.UInt64(status.Kept);
    }

    /// <summary>Reads the machine's memory.</summary>
    internal static MemoryStatus ReadMemory(ReadOnlySpan<byte> record)
    {
        PayloadReader payload = new(record);
        MemoryStatus status = default;
        status.Total = payload.UInt64();
        status.Free = payload.UInt64();
        status.LargestFree = payload.UInt64();
        status.Hypervisor = payload.UInt64();
        status.Shared = payload.UInt64();
        status.Kept = payload.UInt64();
        return status;
    }

    /// <summary>Writes a VCpu's registers.</summary>
    internal static void Write(ref PayloadWriter payload, in VCpuRegisters registers)
    {
        for (int i = 0; i < VCpuRegisters.GeneralCount; i++)
        {
            payload.UInt64(registers[i]);
        }

        payload.UInt64(registers.Pc);
        payload.UInt64(registers.Pstate);
        payload.UInt64(registers.SpEl0);
        payload.UInt64(registers.SpEl1);
        payload.UInt64(registers.ElrEl1);
        payload.UInt64(registers.SpsrEl1);
        payload.UInt64(registers.EsrEl1);
        payload.UInt64(registers.FarEl1);
        payload.UInt64(registers.SctlrEl1);
        payload.UInt64(registers.TcrEl1);
        payload.UInt64(registers.Ttbr0El1);
        payload.UInt64(registers.Ttbr1El1);
        payload.UInt64(registers.VbarEl1);
    }

    /// <summary>Reads a VCpu's registers.</summary>
    internal static VCpuRegisters ReadRegisters(ReadOnlySpan<byte> record)
    {
        PayloadReader payload = new(record);
        VCpuRegisters registers = default;
        for (int i = 0; i < VCpuRegisters.GeneralCount; i++)
        {
            registers[i] = payload.UInt64();
        }

        registers.Pc = payload.UInt64();
        registers.Pstate = payload.UInt64();
        registers.SpEl0 = payload.UInt64();
        registers.SpEl1 = payload.UInt64();
        registers.ElrEl1 = payload.UInt64();
        registers.SpsrEl1 = payload.UInt64();
        registers.EsrEl1 = payload.UInt64();
        registers.FarEl1 = payload.UInt64();
        registers.SctlrEl1 = payload.UInt64();
        registers.TcrEl1 = payload.UInt64();
        registers.Ttbr0El1 = payload.UInt64();
        registers.Ttbr1El1 = payload.UInt64();
        registers.VbarEl1 = payload.UInt64();
        return registers;
    }
}

using System;
using System.Buffers.Binary;

namespace SharpVisor.Formats;

/// <summary>The definitions of VMs.</summary>
public readonly ref partial struct Bundle
{
    /// <summary>Reads the definition of VM <paramref name="index"/>.</summary>
    /// <param name="index">From 0.</param>
    /// <param name="vm">The definition, where the error is none; its name in any case.</param>
    /// <param name="error">What is wrong with it.</param>
    /// <returns>False behind the last VM.</returns>
    public bool TryGetVm(int index, out BundleVm vm, out BundleError error)
    {
        vm = new BundleVm();
        error = BundleError.None;
        if (!TryFirstVm(out FdtNode node))
        {
            return false;
        }

        for (int i = 0; i < index; i++)
        {
            if (!_tree.TryNextSibling(node, out node))
            {
                return false;
            }
        }

        error = ReadVm(node, out vm);
        return true;
    }

    /// <summary>Reads the definition of a VM at its node.</summary>
    internal BundleError ReadVm(FdtNode node, out BundleVm vm)
    {
        vm = new BundleVm { Name = _tree.Name(node), Bundle = this, Node = node };
        return !BundleVm.IsName(vm.Name) ? BundleError.BadName
            : IsTaken(vm.Name, node) ? BundleError.DuplicateName
            : Read(node, ref vm);
    }

    /// <summary>Whether the first machine of that name is another one.</summary>
    private bool IsTaken(ReadOnlySpan<byte> name, FdtNode node) =>
        _tree.TryFindPath("/vms"u8, out FdtNode vms) && _tree.TryFindChild(vms, name, out FdtNode first) && first.Offset != node.Offset;

    private BundleError Read(FdtNode node, ref BundleVm vm)
    {
        if (!_tree.TryGetNumber(node, "memory"u8, out vm.Memory) || vm.Memory == 0
            || !_tree.TryGetCell(node, "vcpus"u8, out vm.VCpus) || vm.VCpus == 0)
        {
            return BundleError.BadSize;
        }

        vm.MemoryGuarantee = vm.Memory;
        bool sound = TryReadNumber(node, "memory-guarantee"u8, ref vm.MemoryGuarantee)
            & TryReadCell(node, "gic"u8, ref vm.GicVersion)
            & TryReadString(node, "bootargs"u8, ref vm.CommandLine)
            & TryReadAutostart(node, ref vm.Autostart)
            & TryReadFlag(node, "share-pages"u8, ref vm.SharePages)
            & TryReadCrashPolicy(node, ref vm.OnCrash)
            & TryReadDebuggerPolicy(node, ref vm.OnDebuggerLost)
            & TryReadScheduling(node, ref vm.Scheduling);
        if (!sound)
        {
            return BundleError.BadProperty;
        }

        if (vm.MemoryGuarantee > vm.Memory)
        {
            return BundleError.BadGuarantee;
        }

        if (!vm.Scheduling.IsSound)
        {
            return BundleError.BadScheduling;
        }

        if (!_tree.TryGetString(node, "kernel"u8, out ReadOnlySpan<byte> kernel) || !TryFindImage(kernel, out vm.Kernel))
        {
            return BundleError.NoKernel;
        }

        return _tree.TryGetProperty(node, "ramdisk"u8, out _)
            && (!_tree.TryGetString(node, "ramdisk"u8, out ReadOnlySpan<byte> ramdisk) || !TryFindImage(ramdisk, out vm.Ramdisk))
            ? BundleError.NoRamdisk
            : ReadDisks(node, ref vm);
    }

    private BundleError ReadDisks(FdtNode node, ref BundleVm vm)
    {
        BundleError error = CheckDisks(node, out int count);
        vm.DiskCount = count;
        return error;
    }

    private bool TryReadScheduling(FdtNode node, ref BundleScheduling scheduling) =>
        TryReadCell(node, "weight"u8, ref scheduling.Weight)
        & TryReadCell(node, "cap-permille"u8, ref scheduling.Cap)
        & TryReadNumber(node, "burst-us"u8, ref scheduling.Burst)
        & TryReadCell(node, "budget-us"u8, ref scheduling.Budget)
        & TryReadCell(node, "period-us"u8, ref scheduling.Period)
        & TryReadCpus(node, ref scheduling.Cpus);

    /// <summary>A list of CPU numbers becomes one bit each.</summary>
    private bool TryReadCpus(FdtNode node, ref ulong cpus)
    {
        if (!_tree.TryGetProperty(node, "cpus"u8, out ReadOnlySpan<byte> list))
        {
            return true;
        }

        for (int offset = 0; offset + sizeof(uint) <= list.Length; offset += sizeof(uint))
        {
            uint cpu = BinaryPrimitives.ReadUInt32BigEndian(list.Slice(offset));
            if (cpu >= BundleScheduling.MaximumCpus)
            {
                return false;
            }

            cpus |= 1ul << (int)cpu;
        }

        return list.Length > 0 && list.Length % sizeof(uint) == 0;
    }

    private bool TryReadCrashPolicy(FdtNode node, ref BundleCrashPolicy policy)
    {
        ReadOnlySpan<byte> word = "stop"u8;
        if (!TryReadString(node, "on-crash"u8, ref word))
        {
            return false;
        }

        policy = word.SequenceEqual("restart"u8) ? BundleCrashPolicy.Restart
            : word.SequenceEqual("keep"u8) ? BundleCrashPolicy.Keep
            : BundleCrashPolicy.Stop;
        return policy != BundleCrashPolicy.Stop || word.SequenceEqual("stop"u8);
    }

    private bool TryReadDebuggerPolicy(FdtNode node, ref BundleDebuggerPolicy policy)
    {
        ReadOnlySpan<byte> word = "resume"u8;
        if (!TryReadString(node, "on-debugger-lost"u8, ref word))
        {
            return false;
        }

        policy = word.SequenceEqual("pause"u8) ? BundleDebuggerPolicy.Pause
            : word.SequenceEqual("stop"u8) ? BundleDebuggerPolicy.Stop
            : BundleDebuggerPolicy.Resume;
        return policy != BundleDebuggerPolicy.Resume || word.SequenceEqual("resume"u8);
    }

    private bool TryReadAutostart(FdtNode node, ref bool value)
    {
        uint cell = 1;
        bool sound = TryReadCell(node, "autostart"u8, ref cell) && cell <= 1;
        value = cell != 0;
        return sound;
    }

    // Each leaves the value alone where the property is absent, and fails where it has another form.
    private bool TryReadFlag(FdtNode node, ReadOnlySpan<byte> name, ref bool value)
    {
        value = _tree.TryGetProperty(node, name, out ReadOnlySpan<byte> bytes);
        return bytes.Length == 0;
    }

    private bool TryReadCell(FdtNode node, ReadOnlySpan<byte> name, ref uint value)
    {
        if (_tree.TryGetCell(node, name, out uint found))
        {
            value = found;
            return true;
        }

        return !_tree.TryGetProperty(node, name, out _);
    }

    private bool TryReadNumber(FdtNode node, ReadOnlySpan<byte> name, ref ulong value)
    {
        if (_tree.TryGetNumber(node, name, out ulong found))
        {
            value = found;
            return true;
        }

        return !_tree.TryGetProperty(node, name, out _);
    }

    private bool TryReadString(FdtNode node, ReadOnlySpan<byte> name, ref ReadOnlySpan<byte> value)
    {
        if (_tree.TryGetString(node, name, out ReadOnlySpan<byte> found))
        {
            value = found;
            return true;
        }

        return !_tree.TryGetProperty(node, name, out _);
    }

    private bool TryFindImage(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> data)
    {
        data = default;
        return _tree.TryFindPath("/images"u8, out FdtNode images)
            && name.Length > 0
            && _tree.TryFindChild(images, name, out FdtNode image)
            && TryGetData(image, out data, out _);
    }
}

using System;
using SharpVisor.Arch;
using SharpVisor.Cpu;
using SharpVisor.Debug.Gdb;
using SharpVisor.Interrupts;
using SharpVisor.Memory;

namespace SharpVisor.Machine;

/// <content>What <c>monitor</c> tells of the virtual hardware and changes in it.</content>
internal sealed partial class VmDebugger
{
    private const uint FirstShared = 32;
    private const ulong ReadableAtStage2 = 1 << 6;
    private const ulong WritableAtStage2 = 1 << 7;
    private const ulong NotExecutableAtStage2 = 1ul << 54;

    /// <inheritdoc/>
    public override void DescribeThread(int thread, DebugText text)
    {
        VCpu vcpu = _vm.VCpus[thread];
        text.Text("VCpu "u8).Decimal((ulong)thread).Text(_vm.IsOn(thread) ? " at EL"u8 : " off, EL"u8).Decimal(vcpu.Pstate >> 2 & 3);
    }

    /// <inheritdoc/>
    public override void Monitor(int thread, ReadOnlySpan<byte> command, DebugText text)
    {
        int length = command.IndexOf((byte)' ');
        ReadOnlySpan<byte> word = length < 0 ? command : command.Slice(0, length);
        ReadOnlySpan<byte> rest = length < 0 ? default : command.Slice(length + 1);
        bool isNumber = TryParse(rest, out ulong number);
        if (word.SequenceEqual("vm"u8))
        {
            DescribeVm(text);
        }
        else if (word.SequenceEqual("irq"u8))
        {
            ListInterrupts(text);
        }
        else if (word.SequenceEqual("exits"u8))
        {
            CountExits(text);
        }
        else if (word.SequenceEqual("s2"u8) && isNumber)
        {
            DescribeStage2(number, text);
        }
        else if (word.SequenceEqual("s1"u8) && isNumber)
        {
            DescribeStage1(thread, number, text);
        }
        else if (word.SequenceEqual("inject-irq"u8) && isNumber)
        {
            Inject(thread, number, text);
        }
        else if (word.SequenceEqual("reset"u8))
        {
            text.Text(TryRestart() ? "reset: it stands before its first instruction (flushregs makes gdb look)\n"u8 : "it cannot be reset now\n"u8);
        }
        else if (word.SequenceEqual("step-interrupts"u8) && (rest.SequenceEqual("on"u8) || rest.SequenceEqual("off"u8)))
        {
            StepsIntoInterrupts = rest.SequenceEqual("on"u8);
        }
        else
        {
            if (!word.SequenceEqual("help"u8))
            {
                text.Text("no such command, or not with that; there are:\n"u8);
            }

            text.Text("vm: the VM and its VCpus\n"u8);
            text.Text("irq: interrupts that are enabled, pending or active\n"u8);
            text.Text("exits: why each VCpu came to the hypervisor, and how often\n"u8);
            text.Text("s1 ADDRESS: where the guest's own tables lead\n"u8);
            text.Text("s2 IPA: where stage 2 leads\n"u8);
            text.Text("inject-irq N: makes interrupt N pending\n"u8);
            text.Text("step-interrupts on|off: whether a step may lead into an interrupt's handler\n"u8);
            text.Text("reset: begins anew, standing before the first instruction\n"u8);
        }
    }

    private static bool TryParse(ReadOnlySpan<byte> text, out ulong value)
    {
        value = 0;
        var number = new GdbText(text);
        if (number.TryTake("0x"u8))
        {
            return number.TryNumber(out value) && number.IsEnd;
        }

        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] is < (byte)'0' or > (byte)'9' || value > (ulong.MaxValue - 9) / 10)
            {
                return false;
            }

            value = (value * 10) + text[i] - '0';
        }

        return text.Length != 0;
    }

    private void DescribeVm(DebugText text)
    {
        text.Text(_vm.Name).Text(": RAM "u8).Hex(_vm.Memory.Start).Text(" to "u8).Hex(_vm.Memory.Start + _vm.Memory.Maximum)
            .Text(", "u8).Decimal(_vm.Memory.Present >> 20).Text(" MiB there, GICv"u8).Decimal((ulong)_vm.Gic.Version)
            .Text(", VMID "u8).Decimal((ulong)_vm.Vmid).Text(", restarts "u8).Decimal((ulong)_vm.Restarts).Line();
        for (int i = 0; i < ThreadCount; i++)
        {
            DescribeThread(i, text);
            text.Text(", PC "u8).Hex(_vm.VCpus[i].Pc).Line();
        }
    }

    private void ListInterrupts(DebugText text)
    {
        for (uint first = 0; first < VirtualGic.InterruptCount; first += FirstShared)
        {
            for (int vcpu = 0; vcpu < (first == 0 ? ThreadCount : 1); vcpu++)
            {
                uint enabled = _vm.Gic.ReadBits(VirtualGic.Nobody, vcpu, first, InterruptField.Enabled);
                uint pending = _vm.Gic.ReadBits(VirtualGic.Nobody, vcpu, first, InterruptField.Pending);
                uint active = _vm.Gic.ReadBits(VirtualGic.Nobody, vcpu, first, InterruptField.Active);
                for (int i = 0; i < (int)FirstShared; i++)
                {
                    if (((enabled | pending | active) >> i & 1) == 0)
                    {
                        continue;
                    }

                    text.Decimal(first + (uint)i);
                    if (first == 0)
                    {
                        text.Text("  VCpu "u8).Decimal((ulong)vcpu);
                    }

                    text.Text((enabled >> i & 1) != 0 ? "  enabled"u8 : "  disabled"u8).Text((pending >> i & 1) != 0 ? " pending"u8 : default)
                        .Text((active >> i & 1) != 0 ? " active"u8 : default).Line();
                }
            }
        }
    }

    private void CountExits(DebugText text)
    {
        for (int i = 0; i < ThreadCount; i++)
        {
            VCpu vcpu = _vm.VCpus[i];
            text.Text("VCpu "u8).Decimal((ulong)i).Text(": hypercall "u8).Decimal(vcpu.HypercallExits).Text(", device "u8).Decimal(vcpu.DeviceExits)
                .Text(", register "u8).Decimal(vcpu.RegisterExits).Text(", interrupt "u8).Decimal(vcpu.InterruptExits)
                .Text(", wait "u8).Decimal(vcpu.WaitExits).Text(", memory "u8).Decimal(vcpu.MemoryExits)
                .Text(", other "u8).Decimal(vcpu.OtherExits).Line();
        }
    }

    private void DescribeStage2(ulong ipa, DebugText text)
    {
        text.Text("IPA "u8).Hex(ipa);
        if (!_vm.Memory.TryLook(ipa, out ulong host, out ulong attributes, out ulong size))
        {
            text.Text(_vm.Memory.Contains(ipa, 1) ? ": RAM that nobody has touched yet\n"u8 : ": not mapped\n"u8);
            return;
        }

        text.Text(": host "u8).Hex(host).Text(", "u8).Text((attributes & ReadableAtStage2) != 0 ? "r"u8 : "-"u8)
            .Text((attributes & WritableAtStage2) != 0 ? "w"u8 : "-"u8).Text((attributes & NotExecutableAtStage2) != 0 ? "-"u8 : "x"u8)
            .Text((attributes & Stage2Attributes.SharedPage) != 0 ? ", shared, "u8 : ", "u8).Decimal(size >> 10).Text(" KiB mapped as one\n"u8);
    }

    private void DescribeStage1(int thread, ulong address, DebugText text)
    {
        text.Text("address "u8).Hex(address);
        if (!TryTranslate(thread, address, out ulong ipa, out bool isWritable, out bool isForUser))
        {
            text.Text(": not mapped\n"u8);
            return;
        }

        text.Text(": IPA "u8).Hex(ipa).Text(isWritable ? ", writable"u8 : ", read-only"u8).Text(isForUser ? ", EL0 too\n"u8 : "\n"u8);
    }

    private void Inject(int thread, ulong interrupt, DebugText text)
    {
        if (interrupt >= VirtualGic.InterruptCount)
        {
            text.Text("there is no such interrupt\n"u8);
        }
        else if (interrupt >= FirstShared)
        {
            _vm.Gic.Signal(VirtualGic.Nobody, (uint)interrupt);
        }
        else if (interrupt < 16)
        {
            _vm.Gic.SendSgi(VirtualGic.Nobody, (interrupt << 24) | (1ul << thread));
        }
        else
        {
            _vm.Gic.WriteBits(VirtualGic.Nobody, thread, 0, InterruptField.Pending, 1u << (int)interrupt, value: true);
        }
    }
}

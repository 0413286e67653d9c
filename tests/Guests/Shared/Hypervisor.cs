using System;
using System.Diagnostics.CodeAnalysis;

namespace SharpVisor.Guests;

/// <summary>SharpVisor's own hypercalls (kernel/Cpu/Vendor/README.md), but for channels: <see cref="Channel"/>.</summary>
internal static class Hypervisor
{
    internal const uint UniqueId = 0x8600_ff01;
    internal const uint Revision = 0x8600_ff03;
    internal const uint Features = 0xc600_0000;
    internal const uint ConsoleWrite = 0xc600_0001;
    internal const uint IdentityCall = 0xc600_0002;
    internal const uint NameCall = 0xc600_0003;
    internal const uint YieldCall = 0xc600_0004;
    internal const uint MarkCall = 0xc600_0005;
    internal const uint Power = 0xc600_0006;

    private const int LongestName = 31;
    private const int LongestWrite = 40;
    private const int BytesInRegister = 8;
    private const ulong PowerOffAction = 0;
    private const ulong ResetAction = 1;
    private const ulong CrashAction = 2;

    /// <summary>Whether the guest runs on SharpVisor: its UUID d3994131-9465-4d90-9f59-ddb3a21b720c.</summary>
    internal static bool IsPresent
    {
        get
        {
            CallRegisters call = default;
            call.X0 = UniqueId;
            Native.Call(ref call);
            return (uint)call.X0 == 0x3141_99d3 && (uint)call.X1 == 0x904d_6594 && (uint)call.X2 == 0xb3dd_599f && (uint)call.X3 == 0x0c72_1ba2;
        }
    }

    /// <summary>Version of the interface: major above bit 32, minor below.</summary>
    internal static ulong Version
    {
        get
        {
            CallRegisters call = default;
            call.X0 = Revision;
            Native.Call(ref call);
            return (call.X0 << 32) | call.X1;
        }
    }

    /// <summary>Whether there is a function of that number.</summary>
    internal static bool Has(uint function) => Native.Hypercall(Features, function, 0, 0) == 0;

    /// <summary>Which VM and VCpu this is.</summary>
    internal static VmIdentity Identity
    {
        get
        {
            CallRegisters call = default;
            call.X0 = IdentityCall;
            Native.Call(ref call);
            VmIdentity identity = default;
            identity.Vm = (uint)call.X1;
            identity.VCpu = (uint)call.X2;
            identity.VCpus = (uint)(call.X2 >> 32);
            identity.Memory = call.X3;
            return identity;
        }
    }

    /// <summary>Reads the VM's name.</summary>
    /// <param name="buffer">Room for 31 bytes.</param>
    /// <returns>Its length.</returns>
    internal static int ReadName(Span<byte> buffer)
    {
        int length = 0;
        for (int start = 0; start <= length && start < LongestName; start += 3 * BytesInRegister)
        {
            CallRegisters call = default;
            call.X0 = NameCall;
            call.X1 = (ulong)start;
            Native.Call(ref call);
            length = (int)call.X0;
            for (int i = 0; i < 3 * BytesInRegister && start + i < length; i++)
            {
                ulong part = i < BytesInRegister ? call.X1 : i < 2 * BytesInRegister ? call.X2 : call.X3;
                buffer[start + i] = (byte)(part >> (i % BytesInRegister * 8));
            }
        }

        return length;
    }

    /// <summary>Writes text to the VM's console, past its UART.</summary>
    internal static void Write(ReadOnlySpan<byte> text)
    {
        for (int start = 0; start < text.Length; start += LongestWrite)
        {
            int length = text.Length - start < LongestWrite ? text.Length - start : LongestWrite;
            ReadOnlySpan<byte> part = text.Slice(start, length);
            CallRegisters call = default;
            call.X0 = ConsoleWrite;
            call.X1 = (ulong)length;
            call.X2 = Pack(part, 0);
            call.X3 = Pack(part, 1);
            call.X4 = Pack(part, 2);
            call.X5 = Pack(part, 3);
            call.X6 = Pack(part, 4);
            Native.Call(ref call);
        }
    }

    /// <summary>Lets other VCpus run first.</summary>
    internal static void Yield() => Native.Hypercall(YieldCall, 0, 0, 0);

    /// <summary>Marks an event, with a value and the time.</summary>
    internal static void Mark(uint number, ulong value) => Native.Hypercall(MarkCall, number, value, 0);

    /// <summary>Ends the VM.</summary>
    [DoesNotReturn]
    internal static void PowerOff() => ChangePower(PowerOffAction, 0);

    /// <summary>Starts the VM anew.</summary>
    [DoesNotReturn]
    internal static void Reset() => ChangePower(ResetAction, 0);

    /// <summary>Ends the VM as crashed, with a code for the log.</summary>
    [DoesNotReturn]
    internal static void Crash(ulong code) => ChangePower(CrashAction, code);

    /// <summary>Eight bytes of text as a register carries them; zeros behind its end.</summary>
    internal static ulong Pack(ReadOnlySpan<byte> text, int register)
    {
        ulong value = 0;
        for (int i = 0; i < BytesInRegister && (register * BytesInRegister) + i < text.Length; i++)
        {
            value |= (ulong)text[(register * BytesInRegister) + i] << (i * 8);
        }

        return value;
    }

    [DoesNotReturn]
    private static void ChangePower(ulong action, ulong code)
    {
        Native.Hypercall(Power, action, code, 0);
        while (true)
        {
            Native.WaitForInterrupt();
        }
    }
}

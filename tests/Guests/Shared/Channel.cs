using System;

namespace SharpVisor.Guests;

/// <summary>Memory that is shared with another VM, and a doorbell each way.</summary>
internal readonly struct Channel
{
    internal const uint ConnectCall = 0xc600_0010;
    internal const uint DisconnectCall = 0xc600_0011;
    internal const uint RingCall = 0xc600_0012;
    internal const uint StatusCall = 0xc600_0013;

    private const long Waiting = 1;

    private readonly ulong _number;

    private Channel(ulong number, ulong address, uint interrupt)
    {
        _number = number;
        Address = address;
        Interrupt = interrupt;
    }

    /// <summary>First byte of the memory, once it is connected.</summary>
    internal ulong Address { get; }

    /// <summary>INTID of the doorbell: it rings too when the state changes by the other's doing.</summary>
    internal uint Interrupt { get; }

    /// <summary>How it stands.</summary>
    internal ChannelState State
    {
        get
        {
            CallRegisters call = default;
            call.X0 = StatusCall;
            call.X1 = _number;
            Native.Call(ref call);
            return (ChannelState)(uint)call.X1;
        }
    }

    /// <summary>Asks for a channel with another VM, which has to ask for one with this VM.</summary>
    /// <param name="peer">The other's name.</param>
    /// <param name="size">Bytes: a multiple of 4 KiB up to 1 MiB, the same on both sides.</param>
    /// <param name="channel">The channel; it may be waiting.</param>
    /// <returns>0 where it is connected, 1 where it waits; negative: why not.</returns>
    internal static long Connect(ReadOnlySpan<byte> peer, ulong size, out Channel channel)
    {
        CallRegisters call = default;
        call.X0 = ConnectCall;
        call.X1 = size;
        call.X2 = Hypervisor.Pack(peer, 0);
        call.X3 = Hypervisor.Pack(peer, 1);
        call.X4 = Hypervisor.Pack(peer, 2);
        call.X5 = Hypervisor.Pack(peer, 3);
        Native.Call(ref call);
        channel = (long)call.X0 is 0 or Waiting ? new Channel(call.X1, call.X2, (uint)call.X3) : default;
        return (long)call.X0;
    }

    /// <summary>Raises the doorbell interrupt at the other VM. What was stored before is seen there after it.</summary>
    /// <returns>0, or why not.</returns>
    internal long Ring()
    {
        Native.DataBarrier();
        return (long)Native.Hypercall(RingCall, _number, 0, 0);
    }

    /// <summary>Gives it up.</summary>
    /// <returns>0, or why not.</returns>
    internal long Disconnect() => (long)Native.Hypercall(DisconnectCall, _number, 0, 0);
}

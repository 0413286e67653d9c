using System;

namespace SharpVisor.Guests;

/// <summary>
/// Talks to another guest of its kind, the one that the command line names, by shared memory and doorbell. The one whose
/// name is lower begins: it fills the memory with a round's pattern and rings; the other checks it, fills it with its own
/// and rings back. After the last round the first ends itself, and the second sees that. Told <c>NAME for ever</c> they do
/// not end, and begin anew whenever one finds that the other has gone.
/// </summary>
internal static unsafe class Guest
{
    private const ulong Size = 0x4000;
    private const uint Rounds = 500;
    private const int LongestName = 31;
    private const uint InstructionLength = 4;

    private static bool s_isAborted;

    internal static void Run(ulong deviceTree)
    {
        ReadOnlySpan<byte> commandLine = CommandLine.Read(deviceTree);
        int length = 0;
        while (length < commandLine.Length && commandLine[length] != ' ')
        {
            length++;
        }

        ReadOnlySpan<byte> peer = commandLine.Slice(0, length);
        bool isForEver = length != commandLine.Length;
        Span<byte> name = stackalloc byte[LongestName];
        name = name.Slice(0, Hypervisor.ReadName(name));
        VmIdentity identity = Hypervisor.Identity;
        Hypervisor.Write("CHANNEL of "u8);
        Hypervisor.Write(name);
        Hypervisor.Write(" with "u8);
        Hypervisor.Write(peer);
        Hypervisor.Write(identity.VCpu == 0 && identity.VCpus == 1 && Hypervisor.IsPresent ? "\r\n"u8 : " on what?\r\n"u8);

        InterruptController.Initialise();
        InterruptController.InitialiseCpu(0);
        bool isFirst = IsBefore(name, peer);
        Channel channel;
        uint bad;
        do
        {
            if (!TryConnect(peer, out channel))
            {
                return;
            }

            bad = Talk(channel, isFirst, isForEver ? uint.MaxValue : 2 * Rounds);
        }
        while (isForEver && bad == 0 && channel.Disconnect() == 0);
        Console.Write("CHANNEL rounds "u8);
        Console.WriteDecimal(Rounds);
        Console.Write(" bad words "u8);
        Console.WriteDecimal(bad);
        Console.WriteLine(""u8);
        if (!isFirst)
        {
            SeeTheEnd(channel);
        }
    }

    internal static void SecondaryMain(ulong number)
    {
    }

    internal static void Interrupt()
    {
    }

    internal static ulong Exception(ulong syndrome, ulong address, ulong pc)
    {
        s_isAborted = true;
        return pc + InstructionLength;
    }

    private static bool TryConnect(ReadOnlySpan<byte> peer, out Channel channel)
    {
        if (Channel.Connect(peer, Size, out channel) < 0)
        {
            Console.WriteLine("CHANNEL refused"u8);
            return false;
        }

        InterruptController.EnableShared(channel.Interrupt);
        while (channel.State == ChannelState.Waiting)
        {
            WaitForDoorbell();
        }

        return true;
    }

    /// <summary>Even turns are the first one's, odd ones the second's; word 0 says whose turn has been taken.</summary>
    private static uint Talk(Channel channel, bool isFirst, uint lastTurn)
    {
        var words = (uint*)channel.Address;
        uint bad = isFirst || words[0] <= 1 ? 0u : 1u; // it came zeroed
        for (uint turn = isFirst ? 1u : 2u; turn <= lastTurn; turn += 2)
        {
            while (Native.Read32(channel.Address) != turn - 1)
            {
                if (channel.State != ChannelState.Connected)
                {
                    Console.WriteLine("CHANNEL peer gone"u8);
                    return bad;
                }

                WaitForDoorbell();
            }

            Native.DataBarrier();
            for (uint i = 1; i < Size / sizeof(uint); i++)
            {
                bad += words[i] == Pattern(turn - 1, i) ? 0u : 1u;
                words[i] = Pattern(turn, i);
            }

            Native.DataBarrier();
            Native.Write32(channel.Address, turn);
            Hypervisor.Mark(1, turn);
            bad += channel.Ring() == 0 || channel.State != ChannelState.Connected ? 0u : 1u;
            if (turn is 101 or 102 && lastTurn == uint.MaxValue)
            {
                Console.WriteLine("CHANNEL talks"u8);
            }
        }

        return bad;
    }

    private static void SeeTheEnd(Channel channel)
    {
        while (channel.State == ChannelState.Connected)
        {
            WaitForDoorbell();
        }

        Native.Read32(channel.Address);
        Console.WriteLine(channel.State == ChannelState.PeerGone && !s_isAborted ? "CHANNEL peer gone"u8 : "CHANNEL lost"u8);
        Console.WriteLine(channel.Ring() != 0 && channel.Disconnect() == 0 && channel.Disconnect() != 0 ? "CHANNEL left"u8 : "CHANNEL stays"u8);
        Native.Read32(channel.Address);
        Console.WriteLine(channel.State == ChannelState.Free && s_isAborted ? "CHANNEL memory gone"u8 : "CHANNEL memory stays"u8);
    }

    private static bool IsBefore(ReadOnlySpan<byte> name, ReadOnlySpan<byte> other)
    {
        int i = 0;
        while (i < name.Length && i < other.Length && name[i] == other[i])
        {
            i++;
        }

        return i < other.Length && (i == name.Length || name[i] < other[i]);
    }

    private static uint Pattern(uint turn, uint place) => turn == 0 ? 0 : (turn * 0x9e37_79b9) ^ place;

    /// <summary>Interrupts stay masked: one that is pending ends the wait all the same.</summary>
    private static void WaitForDoorbell()
    {
        Native.WaitForInterrupt();
        uint interrupt = InterruptController.Acknowledge();
        if (interrupt < 1020)
        {
            InterruptController.End(interrupt);
        }
    }
}

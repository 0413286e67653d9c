using System;

namespace SharpVisor.Debug.Gdb;

/// <content>What gdb asks and sets beside.</content>
public sealed partial class GdbServer
{
    private const int LongestCommand = 256;
    private const int LargestPart = LargestRead;

    // Two halves, as the length of the whole address space does not fit 64 bits. Addresses are virtual: any may be there.
    private static ReadOnlySpan<byte> MemoryMap =>
        "<?xml version=\"1.0\"?><memory-map>"u8
        + "<memory type=\"ram\" start=\"0x0\" length=\"0x8000000000000000\"/>"u8
        + "<memory type=\"ram\" start=\"0x8000000000000000\" length=\"0x8000000000000000\"/></memory-map>"u8;

    private void Query(byte kind, ref GdbText text)
    {
        if (kind == 'Q')
        {
            Set(ref text);
        }
        else if (text.TryTake("Supported"u8))
        {
            Output.Packet(
                "PacketSize=1000;qXfer:features:read+;qXfer:memory-map:read+;QStartNoAckMode+;vContSupported+;PhyMemoryMode+"u8);
        }
        else if (text.TryTake("Xfer:"u8))
        {
            Transfer(ref text);
        }
        else if (text.TryTake("Rcmd,"u8))
        {
            Monitor(ref text);
        }
        else if (text.TryTake("ThreadExtraInfo,"u8))
        {
            DescribeThread(ref text);
        }
        else if (text.TryTake("fThreadInfo"u8))
        {
            ListThreads();
        }
        else if (text.TryTake("sThreadInfo"u8))
        {
            Output.Packet("l"u8);
        }
        else if (text.TryTake("Attached"u8))
        {
            Output.Packet("1"u8); // so that gdb detaches, and does not kill, when it ends
        }
        else if (text.TryTake("Symbol:"u8))
        {
            Ok();
        }
        else if (text.TryTake("qemu.PhyMemoryMode"u8))
        {
            Output.Packet(_isPhysical ? "1"u8 : "0"u8);
        }
        else if (text.TryTake("C"u8) && text.IsEnd)
        {
            Output.Begin();
            Output.Text("QC"u8);
            Output.Number((ulong)_thread + 1);
            Output.End();
        }
        else
        {
            Output.Packet(default);
        }
    }

    private void Set(ref GdbText text)
    {
        if (text.TryTake("StartNoAckMode"u8))
        {
            Ok();
            _isReliable = true;
        }
        else if (text.TryTake("qemu.PhyMemoryMode:"u8))
        {
            bool isNumber = text.TrySmallNumber(out int value) && value <= 1;
            _isPhysical = isNumber ? value == 1 : _isPhysical;
            OkOr(isNumber, GdbError.Malformed);
        }
        else
        {
            Output.Packet(default);
        }
    }

    private void ListThreads()
    {
        Output.Begin();
        for (int i = 0; i < _target.ThreadCount; i++)
        {
            Output.Put(i == 0 ? (byte)'m' : (byte)',');
            Output.Number((ulong)i + 1);
        }

        Output.End();
    }

    private void DescribeThread(ref GdbText text)
    {
        if (!TryThread(ref text, out int thread) || thread < 0 || !text.IsEnd)
        {
            Error(GdbError.NoThread);
            return;
        }

        Output.Begin();
        _target.DescribeThread(thread, _text);
        Output.End();
    }

    private void Monitor(ref GdbText text)
    {
        Span<byte> command = stackalloc byte[LongestCommand];
        int length = text.Rest.Length / 2;
        if (length > LongestCommand || text.Rest.Length % 2 != 0 || !text.TryBytes(command.Slice(0, length)))
        {
            Error(GdbError.Malformed);
            return;
        }

        Output.Begin();
        Output.Put((byte)'O');
        _target.Monitor(_thread, command.Slice(0, length), _text);
        Output.End();
        Ok();
    }

    private void Transfer(ref GdbText text)
    {
        bool isFeatures = text.TryTake("features:read:target.xml:"u8);
        if (!isFeatures && !text.TryTake("memory-map:read::"u8))
        {
            if (text.TryTake("features:"u8))
            {
                Error(GdbError.Malformed); // no such annex
            }
            else
            {
                Output.Packet(default);
            }

            return;
        }

        if (!text.TryNumber(out ulong offset) || !text.TryTake((byte)',') || !text.TryNumber(out ulong length) || !text.IsEnd)
        {
            Error(GdbError.Malformed);
            return;
        }

        Span<byte> part = _memory.AsSpan(0, (int)Math.Min(length, (ulong)LargestPart));
        var window = new GdbWindow(part, offset);
        if (isFeatures)
        {
            DebugRegisters.Describe(ref window);
        }
        else
        {
            window.Text(MemoryMap);
        }

        if (offset > window.Length)
        {
            Error(GdbError.Malformed);
            return;
        }

        Output.Begin();
        Output.Put(window.IsMore ? (byte)'m' : (byte)'l');
        for (int i = 0; i < window.Count; i++)
        {
            Output.Binary(part[i]);
        }

        Output.End();
    }
}

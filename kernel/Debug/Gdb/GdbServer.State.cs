using System;
using System.Buffers.Binary;

namespace SharpVisor.Debug.Gdb;

/// <content>Registers, memory, and what to stop at.</content>
public sealed partial class GdbServer
{
    private void PutRegister(int thread, int number)
    {
        Span<byte> bytes = stackalloc byte[DebugRegisters.LargestSize];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, _target.ReadRegister(thread, number, out ulong high));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.Slice(sizeof(ulong)), high);
        Output.Bytes(bytes.Slice(0, DebugRegisters.SizeOf(number)));
    }

    private bool TryRegister(ref GdbText text, int number)
    {
        Span<byte> bytes = stackalloc byte[DebugRegisters.LargestSize];
        bytes.Clear();
        return text.TryBytes(bytes.Slice(0, DebugRegisters.SizeOf(number)))
            && _target.TryWriteRegister(
                _thread, number, BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(sizeof(ulong))));
    }

    // The system registers are left out: gdb asks for each that it wants.
    private void ReadRegisters()
    {
        Output.Begin();
        for (int i = 0; i < DebugRegisters.FirstSystem; i++)
        {
            PutRegister(_thread, i);
        }

        Output.End();
    }

    private void WriteRegisters(ref GdbText text)
    {
        int digits = 0;
        for (int i = 0; i < DebugRegisters.FirstSystem; i++)
        {
            digits += 2 * DebugRegisters.SizeOf(i);
        }

        bool isDone = text.Rest.Length == digits && AreDigits(text.Rest);
        for (int i = 0; i < DebugRegisters.FirstSystem && isDone; i++)
        {
            isDone = TryRegister(ref text, i);
        }

        OkOr(isDone, GdbError.Malformed);
    }

    private static bool AreDigits(ReadOnlySpan<byte> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (GdbText.DigitOf(text[i]) < 0)
            {
                return false;
            }
        }

        return true;
    }

    private void ReadRegister(ref GdbText text)
    {
        if (!text.TrySmallNumber(out int number) || !text.IsEnd)
        {
            Error(GdbError.Malformed);
        }
        else if (number >= DebugRegisters.Count)
        {
            Error(GdbError.NoRegister);
        }
        else
        {
            Output.Begin();
            PutRegister(_thread, number);
            Output.End();
        }
    }

    private void WriteRegister(ref GdbText text)
    {
        if (!text.TrySmallNumber(out int number) || !text.TryTake((byte)'='))
        {
            Error(GdbError.Malformed);
        }
        else if (number >= DebugRegisters.Count)
        {
            Error(GdbError.NoRegister);
        }
        else if (text.Rest.Length != 2 * DebugRegisters.SizeOf(number) || !AreDigits(text.Rest))
        {
            Error(GdbError.Malformed);
        }
        else
        {
            OkOr(TryRegister(ref text, number), GdbError.NoRegister);
        }
    }

    private void ReadMemory(ref GdbText text)
    {
        if (!text.TryNumber(out ulong address) || !text.TryTake((byte)',') || !text.TryNumber(out ulong length) || !text.IsEnd)
        {
            Error(GdbError.Malformed);
            return;
        }

        Span<byte> memory = _memory.AsSpan(0, (int)Math.Min(length, (ulong)LargestRead));
        int count = _target.ReadMemory(_thread, _isPhysical, address, memory);
        if (count == 0 && length != 0)
        {
            Error(GdbError.NoMemory);
            return;
        }

        Output.Begin();
        Output.Bytes(memory.Slice(0, count));
        Output.End();
    }

    private void WriteMemory(ref GdbText text, bool isBinary)
    {
        if (!text.TryNumber(out ulong address) || !text.TryTake((byte)',') || !text.TryNumber(out ulong length) || !text.TryTake((byte)':')
            || (ulong)text.Rest.Length != (isBinary ? length : 2 * Math.Min(length, GdbInput.Capacity)))
        {
            Error(GdbError.Malformed);
            return;
        }

        ReadOnlySpan<byte> bytes = text.Rest;
        if (!isBinary)
        {
            Span<byte> memory = _memory.AsSpan(0, (int)length);
            if (!text.TryBytes(memory))
            {
                Error(GdbError.Malformed);
                return;
            }

            bytes = memory;
        }

        OkOr(bytes.IsEmpty || _target.TryWriteMemory(_thread, _isPhysical, address, bytes), GdbError.NoMemory);
    }

    private void ChangePoint(ref GdbText text, bool isInsertion)
    {
        if (!text.TrySmallNumber(out int kind))
        {
            Error(GdbError.Malformed);
        }
        else if (kind > (int)DebugPoint.Access)
        {
            Output.Packet(default);
        }
        else if (!text.TryTake((byte)',') || !text.TryNumber(out ulong address) || !text.TryTake((byte)',') || !text.TryNumber(out ulong length)
            || (!text.IsEnd && !text.TryTake((byte)';')))
        {
            Error(GdbError.Malformed);
        }
        else
        {
            bool isDone = isInsertion
                ? _target.TryInsert(_thread, (DebugPoint)kind, address, length)
                : _target.TryRemove((DebugPoint)kind, address, length);
            OkOr(isDone, GdbError.Refused);
        }
    }
}

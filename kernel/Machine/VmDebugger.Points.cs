using System;
using System.Numerics;
using SharpVisor.Cpu;
using SharpVisor.Debug.Gdb;

namespace SharpVisor.Machine;

/// <content>
/// Breakpoints and watchpoints. The CPU's own registers come first, for those that gdb calls software breakpoints too: the
/// guest finds no trace of them, and the code need not be mapped yet. Only what they have no room for is written into memory.
/// </content>
internal sealed partial class VmDebugger
{
    private const int MostSlots = 16;
    private const int MostWritten = 64;
    private const int FreeForHardware = 2;
    private const ulong InstructionSize = 4;
    private const int DoubleWord = 8;
    private const ulong LargestMask = 1ul << 31;
    private const uint Brk = 0xd420_0000;

    // DBGBCR_EL1: enabled, EL1 and EL0, all four bytes. DBGWCR_EL1: enabled, EL1 and EL0; which accesses, bytes, mask.
    private const ulong BreakpointControl = 1 | (3 << 1) | (15 << 5);
    private const ulong WatchpointControl = 1 | (3 << 1);
    private const int AccessShift = 3;
    private const int BytesShift = 5;
    private const int MaskShift = 24;
    private const ulong Loads = 1;
    private const ulong Stores = 2;

    private readonly ulong[] _breakpoints = new ulong[MostSlots];
    private readonly Watched[] _watched = new Watched[MostSlots];
    private readonly Written[] _written = new Written[MostWritten];
    private uint _usedBreakpoints;
    private uint _usedWatchpoints;

    private struct Watched
    {
        internal DebugPoint Kind;
        internal ulong Address;
        internal ulong Length;
        internal ulong Value;
        internal ulong Control;
    }

    private struct Written
    {
        internal bool IsUsed;
        internal bool IsThere;
        internal ulong Address;
        internal ulong Ipa;
        internal uint Instruction;
    }

    private static int BreakpointCount => (int)CpuFeatures.LastBreakpoint + 1;

    private static int WatchpointCount => (int)CpuFeatures.LastWatchpoint + 1;

    /// <summary>Whether a breakpoint of the debugger's is written there.</summary>
    internal bool HasBreakpointAt(ulong ipa)
    {
        for (int i = 0; i < MostWritten; i++)
        {
            if (_written[i].IsThere && _written[i].Ipa == ipa)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>What is watched at an address that an access began at, or next to it, and the first byte of it.</summary>
    internal DebugStopKind FindWatched(ref ulong address)
    {
        int best = -1;
        ulong distance = ulong.MaxValue;
        for (int i = 0; i < MostSlots; i++)
        {
            ref Watched watched = ref _watched[i];
            if ((_usedWatchpoints >> i & 1) == 0)
            {
                continue;
            }

            // An access may begin before what it reaches into.
            ulong away = address < watched.Address ? watched.Address - address
                : address - watched.Address < watched.Length ? 0
                : address - watched.Address;
            if (away < distance)
            {
                distance = away;
                best = i;
            }
        }

        if (best < 0)
        {
            return DebugStopKind.Trap;
        }

        address = distance == 0 ? address : _watched[best].Address;
        return _watched[best].Kind switch
        {
            DebugPoint.Write => DebugStopKind.Write,
            DebugPoint.Read => DebugStopKind.Read,
            _ => DebugStopKind.Access,
        };
    }

    /// <inheritdoc/>
    public override bool TryInsert(int thread, DebugPoint kind, ulong address, ulong length)
    {
        if (kind >= DebugPoint.Write)
        {
            return TryWatch(kind, address, length);
        }

        if (length != InstructionSize || address % InstructionSize != 0)
        {
            return false; // AArch32 code
        }

        if (IsPointAt(address))
        {
            return true;
        }

        int free = BreakpointCount - BitOperations.PopCount(_usedBreakpoints);
        if (kind == DebugPoint.Software && free <= FreeForHardware && TryWriteBreakpoint(thread, address))
        {
            return true;
        }

        if (free == 0)
        {
            return false;
        }

        int slot = BitOperations.TrailingZeroCount(~_usedBreakpoints);
        _usedBreakpoints |= 1u << slot;
        _breakpoints[slot] = address;
        ApplyPoints();
        return true;
    }

    /// <inheritdoc/>
    public override bool TryRemove(DebugPoint kind, ulong address, ulong length)
    {
        bool isDone = false;
        for (int i = 0; i < MostSlots; i++)
        {
            uint bit = 1u << i;
            if (kind >= DebugPoint.Write)
            {
                if ((_usedWatchpoints & bit) != 0 && _watched[i].Kind == kind && _watched[i].Address == address && _watched[i].Length == length)
                {
                    _usedWatchpoints &= ~bit;
                    isDone = true;
                }
            }
            else if ((_usedBreakpoints & bit) != 0 && _breakpoints[i] == address)
            {
                _usedBreakpoints &= ~bit;
                isDone = true;
            }
        }

        for (int i = 0; i < MostWritten && kind < DebugPoint.Write; i++)
        {
            if (_written[i].IsUsed && _written[i].Address == address)
            {
                TakeOut(ref _written[i]);
                _written[i].IsUsed = false;
                isDone = true;
            }
        }

        ApplyPoints();
        return isDone;
    }

    private bool IsPointAt(ulong address)
    {
        for (int i = 0; i < MostSlots; i++)
        {
            if ((_usedBreakpoints >> i & 1) != 0 && _breakpoints[i] == address)
            {
                return true;
            }
        }

        for (int i = 0; i < MostWritten; i++)
        {
            if (_written[i].IsUsed && _written[i].Address == address)
            {
                return true;
            }
        }

        return false;
    }

    private bool TryWatch(DebugPoint kind, ulong address, ulong length)
    {
        ulong accesses = kind switch
        {
            DebugPoint.Write => Stores,
            DebugPoint.Read => Loads,
            _ => Loads | Stores,
        };
        ulong control = WatchpointControl | (accesses << AccessShift);
        if (length == 0 || length > ulong.MaxValue - address)
        {
            return false;
        }

        if (length > DoubleWord && BitOperations.IsPow2(length) && length <= LargestMask && address % length == 0)
        {
            return TryAddWatch(kind, address, length, address, control | (0xffu << BytesShift) | ((ulong)BitOperations.Log2(length) << MaskShift));
        }

        ulong first = address & ~(ulong)(DoubleWord - 1);
        ulong count = (address + length - first + DoubleWord - 1) / DoubleWord;
        if (count > (ulong)(WatchpointCount - BitOperations.PopCount(_usedWatchpoints)))
        {
            return false;
        }

        for (ulong word = first; word < address + length; word += DoubleWord)
        {
            int from = (int)(Math.Max(word, address) - word);
            int to = (int)Math.Min(address + length - word, DoubleWord);
            ulong bytes = (0xfful >> (DoubleWord - to)) & (0xfful << from);
            TryAddWatch(kind, address, length, word, control | (bytes << BytesShift));
        }

        return true;
    }

    private bool TryAddWatch(DebugPoint kind, ulong address, ulong length, ulong value, ulong control)
    {
        int slot = BitOperations.TrailingZeroCount(~_usedWatchpoints);
        if (slot >= WatchpointCount)
        {
            return false;
        }

        _usedWatchpoints |= 1u << slot;
        ref Watched watched = ref _watched[slot];
        watched.Kind = kind;
        watched.Address = address;
        watched.Length = length;
        watched.Value = value;
        watched.Control = control;
        ApplyPoints();
        return true;
    }

    private bool TryWriteBreakpoint(int thread, ulong address)
    {
        if (!TryTranslate(thread, address, out ulong ipa, out _, out _) || HasBreakpointAt(ipa))
        {
            return false;
        }

        for (int i = 0; i < MostWritten; i++)
        {
            ref Written written = ref _written[i];
            if (!written.IsUsed)
            {
                written.Address = address;
                written.Ipa = ipa;
                written.IsUsed = PutIn(ref written);
                return written.IsUsed;
            }
        }

        return false;
    }

    private bool PutIn(ref Written written)
    {
        written.IsThere = _vm.Memory.TryReadUInt32(written.Ipa, out written.Instruction) && TryWriteInstruction(written.Ipa, Brk);
        return written.IsThere;
    }

    // What the guest has written over it meanwhile stays.
    private void TakeOut(ref Written written)
    {
        if (written.IsThere && _vm.Memory.TryReadUInt32(written.Ipa, out uint found) && found == Brk)
        {
            TryWriteInstruction(written.Ipa, written.Instruction);
        }

        written.IsThere = false;
    }

    private bool TryWriteInstruction(ulong ipa, uint instruction)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(bytes, instruction);
        return _vm.Memory.TryLoad(ipa, bytes);
    }

    /// <summary>The memory was loaded anew.</summary>
    private void InsertAgain()
    {
        for (int i = 0; i < MostWritten; i++)
        {
            if (_written[i].IsUsed)
            {
                PutIn(ref _written[i]);
            }
        }
    }

    private void RemovePoints()
    {
        for (int i = 0; i < MostWritten; i++)
        {
            TakeOut(ref _written[i]);
        }

        ForgetPoints();
    }

    private void ForgetPoints()
    {
        _usedBreakpoints = 0;
        _usedWatchpoints = 0;
        for (int i = 0; i < MostWritten; i++)
        {
            _written[i] = default;
        }
    }

    private void ApplyPoints()
    {
        for (int i = 0; i < ThreadCount; i++)
        {
            ApplyPoints(_vm.VCpus[i]);
        }
    }

    private void ApplyPoints(VCpu vcpu)
    {
        SystemContext system = vcpu.System!;
        for (int i = 0; i < MostSlots; i++)
        {
            system.SetDebugRegister(i, _breakpoints[i], (_usedBreakpoints >> i & 1) != 0 ? BreakpointControl : 0);
            system.SetDebugRegister(MostSlots + i, _watched[i].Value, (_usedWatchpoints >> i & 1) != 0 ? _watched[i].Control : 0);
        }
    }
}

using SharpVisor.Arch;

namespace SharpVisor.Devices;

/// <summary>
/// A bank of the guest machine's flash: two chips side by side, 16 bits each, with Intel's extended command set (Intel
/// StrataFlash J3, order number 290667), as in QEMU's <c>virt</c>. The chips are erased and stay so.
/// </summary>
/// <remarks>
/// There is no memory behind them. Erasing succeeds, as there is nothing to erase; programming ends with the error of a
/// locked block, and every block says that it is locked for good: a driver that looks knows that nothing was stored.
/// <para>
/// As in QEMU the chips take their commands together: of each write, whatever its width and wherever it goes, the lowest
/// byte is the command for both; a write of 8 bytes is two of them. In reads each chip answers on the low byte of its
/// half of a 32-bit word.
/// </para>
/// <para>
/// Nothing takes time, so the chips are always ready. Reads take no lock: what they show changes as a whole, and a VCpu
/// that reads while another writes sees the chip before or after.
/// </para>
/// </remarks>
public sealed class FlashBank : MmioDevice
{
    /// <summary>Bytes of the bank: 64 MiB.</summary>
    public const ulong Length = ChipCount * FlashQuery.ChipSize;

    private const uint ChipCount = 2;

    // A word of both chips is four bytes; what they say of themselves repeats every 256 words, as in QEMU.
    private const int WordShift = 2;
    private const uint WordMask = 0xff;

    private const byte Program = 0x40;
    private const byte ProgramAlternative = 0x10;
    private const byte ProgramProtection = 0xc0;
    private const byte ProgramBuffer = 0xe8;
    private const byte Erase = 0x20;
    private const byte Lock = 0x60;
    private const byte SetLock = 0x01;
    private const byte SetLockForGood = 0x2f;
    private const byte ClearStatus = 0x50;
    private const byte ReadStatus = 0x70;
    private const byte ReadIdentifier = 0x90;
    private const byte ReadQuery = 0x98;
    private const byte Suspend = 0xb0;
    private const byte Confirm = 0xd0; // of a suspension: resume; of a lock: clear it
    private const byte ReadArray = 0xff;

    // Status register, by bit: 7 ready, 5 erase error, 4 program error, 1 block is locked.
    private const int Ready = 0x80;
    private const int ProgramRefused = 0x12;
    private const int SequenceError = 0x30;

    // As QEMU's chips: Intel, 28F128J3.
    private const byte Manufacturer = 0x89;
    private const byte Device = 0x18;
    private const byte LockedForGood = 0x03;

    private SpinLock _lock;
    private FlashReading _reading;
    private FlashCycle _cycle;
    private int _status = Ready;
    private uint _wordsLeft;

    /// <inheritdoc/>
    public override ulong Read(int vcpu, uint offset, int size)
    {
        FlashReading reading = _reading;
        if (reading == FlashReading.Array)
        {
            return ulong.MaxValue >> (64 - (size << 3));
        }

        ulong value = 0;
        for (int i = 0; i < size; i++)
        {
            uint place = offset + (uint)i;
            if ((place & 1) == 0)
            {
                value |= (ulong)Answer(reading, (place >> WordShift) & WordMask) << (i << 3);
            }
        }

        return value;
    }

    /// <inheritdoc/>
    public override void Write(int vcpu, uint offset, int size, ulong value)
    {
        _lock.Enter();
        if (size == 8)
        {
            Take((uint)value);
            Take((uint)(value >> 32));
        }
        else
        {
            Take((uint)(value & (ulong.MaxValue >> (64 - (size << 3)))));
        }

        _lock.Exit();
    }

    /// <inheritdoc/>
    public override void Reset()
    {
        _lock.Enter();
        _status = Ready;
        _cycle = FlashCycle.Command;
        _reading = FlashReading.Array;
        _lock.Exit();
    }

    private byte Answer(FlashReading reading, uint word)
    {
        if (reading == FlashReading.Status)
        {
            return (byte)_status;
        }

        return word switch
        {
            0 => Manufacturer,
            1 => Device,
            2 => LockedForGood,
            _ => reading == FlashReading.Query ? FlashQuery.Read(word) : (byte)0,
        };
    }

    private void Take(uint data)
    {
        byte command = (byte)data;
        switch (_cycle)
        {
            case FlashCycle.Command:
                Begin(command);
                break;
            case FlashCycle.EraseConfirmation:
                End(command, command == Confirm, 0);
                break;
            case FlashCycle.ProgramData:
                End(ProgramRefused);
                break;
            case FlashCycle.BufferCount:
                BeginBuffer(data & ushort.MaxValue);
                break;
            case FlashCycle.BufferData:
                if (--_wordsLeft == 0)
                {
                    _cycle = FlashCycle.BufferConfirmation;
                }

                break;
            case FlashCycle.BufferConfirmation:
                End(command, command == Confirm, ProgramRefused);
                break;
            default:
                End(command, command is Confirm or SetLock or SetLockForGood, 0);
                break;
        }
    }

    private void Begin(byte command)
    {
        switch (command)
        {
            case ReadStatus:
            case Suspend: // of nothing
            case Confirm:
                _reading = FlashReading.Status;
                break;
            case ReadIdentifier:
                _reading = FlashReading.Identifier;
                break;
            case ReadQuery:
                _reading = FlashReading.Query;
                break;
            case Erase:
                Expect(FlashCycle.EraseConfirmation);
                break;
            case Program:
            case ProgramAlternative:
            case ProgramProtection:
                Expect(FlashCycle.ProgramData);
                break;
            case ProgramBuffer:
                Expect(FlashCycle.BufferCount);
                break;
            case Lock:
                Expect(FlashCycle.LockOperation);
                break;
            case ClearStatus:
                _status = Ready;
                _reading = FlashReading.Array;
                break;
            default: // ReadArray, other makers' commands among them
                _reading = FlashReading.Array;
                break;
        }
    }

    private void BeginBuffer(uint wordsLessOne)
    {
        if (wordsLessOne >= FlashQuery.BufferWords)
        {
            End(SequenceError);
            return;
        }

        _wordsLeft = wordsLessOne + 1;
        _cycle = FlashCycle.BufferData;
    }

    private void Expect(FlashCycle next)
    {
        _cycle = next;
        _reading = FlashReading.Status;
    }

    private void End(byte command, bool isExpected, int errors)
    {
        End(isExpected ? errors : SequenceError);
        if (command == ReadArray)
        {
            // How a driver begins that does not know the chip's state.
            _reading = FlashReading.Array;
        }
    }

    // Errors stay until they are cleared.
    private void End(int errors)
    {
        _status |= errors;
        _cycle = FlashCycle.Command;
    }
}

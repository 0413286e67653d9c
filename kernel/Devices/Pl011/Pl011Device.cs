using System;
using System.Runtime.CompilerServices;
using SharpVisor.Arch;

namespace SharpVisor.Devices;

/// <summary>The console of the guest machine: an Arm PL011 r1p5 (Arm DDI 0183), with FIFOs of 32.</summary>
/// <remarks>
/// <para>
/// Bits take no time here. What the guest sends is gone at once, so that the transmit FIFO is always empty and the
/// transmit interrupt is raised with every byte. The receive time-out is due as soon as a byte is there. On a real
/// line a driver that empties the FIFO and then clears the interrupts would still get the time-out of a byte that
/// came in between; therefore the first ICR after a reception or a read of DR clears nothing while bytes are there.
/// </para>
/// <para>
/// Like QEMU's, it sends and receives whether CR enables it or not: early consoles lean on firmware that nobody
/// ran. Bytes wait behind the backend until the FIFO has room, so the line never overruns; and none is lost when
/// the FIFO is switched off.
/// </para>
/// <para>
/// The state is written under the lock. Read without it are the flags (one word, kept ready), and what says that
/// a sent byte changes nothing: a driver that polls never takes the lock.
/// </para>
/// </remarks>
public sealed class Pl011Device : MmioDevice
{
    private const uint Data = 0x00;
    private const uint ReceiveStatus = 0x04;
    private const uint Flags = 0x18;
    private const uint LowPower = 0x20;
    private const uint IntegerBaud = 0x24;
    private const uint FractionalBaud = 0x28;
    private const uint LineControl = 0x2c;
    private const uint Control = 0x30;
    private const uint FifoLevels = 0x34;
    private const uint InterruptMask = 0x38;
    private const uint RawInterrupts = 0x3c;
    private const uint MaskedInterrupts = 0x40;
    private const uint InterruptClear = 0x44;
    private const uint DmaControl = 0x48;
    private const uint Identification = 0xfe0;

    private const int FifoSize = 32;
    private const uint FifoEnable = 1 << 4; // LCR_H.FEN
    private const uint Loopback = 1 << 7; // CR.LBE
    private const uint ControlAtReset = 0x300;
    private const uint FifoLevelsAtReset = 0x12;
    private const uint AllInterrupts = 0x7ff;
    private const uint ModemInterrupts = 0xf;
    private const uint ReceiveInterrupt = 1 << 4;
    private const uint TransmitInterrupt = 1 << 5;
    private const uint TimeoutInterrupt = 1 << 6;
    private const uint OverrunInterrupt = 1 << 10;
    private const uint StatusOverrun = 1 << 3; // RSR.OE
    private const uint DataOverrun = 1 << 11; // DR.OE
    private const uint ReceiveEmpty = 1 << 4; // FR.RXFE
    private const uint ReceiveFull = 1 << 6; // FR.RXFF
    private const uint TransmitEmpty = 1 << 7; // FR.TXFE

    private readonly InterruptLine _line;
    private readonly ConsoleBackend _backend;
    private readonly byte[] _fifo = new byte[FifoSize];
    private SpinLock _lock;
    private uint _flags;
    private uint _raw;
    private uint _mask;
    private uint _control;
    private uint _lineControl;
    private uint _fifoLevels;
    private uint _integerBaud;
    private uint _fractionalBaud;
    private uint _lowPower;
    private uint _dmaControl;
    private uint _status;
    private bool _overrun;
    private bool _timeoutToCome;
    private int _first;
    private int _count;
    private int _level;

    /// <summary>Makes the device in its reset state.</summary>
    /// <param name="line">Its interrupt, UARTINTR.</param>
    /// <param name="backend">The terminal behind it.</param>
    public Pl011Device(InterruptLine line, ConsoleBackend backend)
    {
        _line = line;
        _backend = backend;
        SetResetState();
    }

    // PeriphID0-3 (part 0x011, Arm, revision 3) and PCellID0-3 (3.3.13 to 3.3.20).
    private static ReadOnlySpan<byte> Ids => [0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1];

    // FR bit of each modem interrupt: RI, CTS, DCD, DSR.
    private static ReadOnlySpan<byte> ModemFlags => [8, 0, 2, 1];

    // In loopback, the CR bit that each of them follows: Out2, RTS, Out1, DTR (3.4.4).
    private static ReadOnlySpan<byte> ModemOutputs => [13, 11, 12, 10];

    private bool IsLoopback => (_control & Loopback) != 0;

    private int Depth => (_lineControl & FifoEnable) != 0 ? FifoSize : 1;

    // IFLS.RXIFLSEL: 1/8, 1/4, 1/2, 3/4, 7/8; reserved values as at reset.
    private int Trigger => (_lineControl & FifoEnable) == 0 ? 1 : ((_fifoLevels >> 3) & 7) switch
    {
        0 => FifoSize / 8,
        1 => FifoSize / 4,
        3 => FifoSize * 3 / 4,
        4 => FifoSize * 7 / 8,
        _ => FifoSize / 2,
    };

    /// <inheritdoc/>
    /// <remarks>Registers answer at their own offset, to any size; the bytes between read as zero.</remarks>
    public override ulong Read(int vcpu, uint offset, int size)
    {
        // Polled once or twice for every byte: all else is out of the way.
        // It has nine bits, so that only a byte (the odd size) needs cutting.
        return offset == Flags ? _flags & ~(((uint)size & 1) << 8) : ReadOther(vcpu, offset, size);
    }

    /// <inheritdoc/>
    public override void Write(int vcpu, uint offset, int size, ulong value)
    {
        if (offset != Data)
        {
            WriteRegister(vcpu, offset, (uint)(value & Wanted(size)));
        }
        else if (IsLoopback)
        {
            LoopBack(vcpu, (byte)value);
        }
        else
        {
            if ((_raw & TransmitInterrupt) == 0)
            {
                RaiseTransmit(vcpu);
            }

            _backend.Transmit((byte)value);
        }
    }

    /// <summary>Takes what was typed, as far as there is room. To be called when the backend has input.</summary>
    /// <param name="self">Index of the VCpu on whose behalf the caller runs, or -1.</param>
    public void ReadInput(int self)
    {
        _lock.Enter();
        Pull();
        LeaveAndUpdate(self);
    }

    /// <inheritdoc/>
    public override void Reset()
    {
        _lock.Enter();
        SetResetState();
        LeaveAndUpdate(-1);
    }

    /// <summary>The bits of so many bytes.</summary>
    private static ulong Wanted(int size) => ulong.MaxValue >> (64 - (size << 3));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private ulong ReadOther(int self, uint offset, int size) =>
        (offset == Data ? ReadData(self) : ReadRegister(offset)) & Wanted(size);

    private void SetResetState()
    {
        _raw = 0;
        _mask = 0;
        _control = ControlAtReset;
        _lineControl = 0;
        _fifoLevels = FifoLevelsAtReset;
        _integerBaud = 0;
        _fractionalBaud = 0;
        _lowPower = 0;
        _dmaControl = 0;
        _status = 0;
        _overrun = false;
        _timeoutToCome = false;
        _first = 0;
        _count = 0;
        RefreshFlags();
    }

    private uint ReadRegister(uint offset)
    {
        switch (offset)
        {
            case ReceiveStatus:
                return _status;
            case LowPower:
                return _lowPower;
            case IntegerBaud:
                return _integerBaud;
            case FractionalBaud:
                return _fractionalBaud;
            case LineControl:
                return _lineControl;
            case Control:
                return _control;
            case FifoLevels:
                return _fifoLevels;
            case InterruptMask:
                return _mask;
            case RawInterrupts:
                return _raw;
            case MaskedInterrupts:
                return _raw & _mask;
            case DmaControl:
                return _dmaControl;
            default:
                uint id = (offset - Identification) >> 2;
                return (offset & 3) == 0 && id < (uint)Ids.Length ? Ids[(int)id] : 0u;
        }
    }

    private void WriteRegister(int self, uint offset, uint value)
    {
        _lock.Enter();
        switch (offset)
        {
            case ReceiveStatus:
                _status = 0; // ECR: any value clears the errors
                break;
            case LowPower:
                _lowPower = value & 0xff;
                break;
            case IntegerBaud:
                _integerBaud = value & 0xffff;
                break;
            case FractionalBaud:
                _fractionalBaud = value & 0x3f;
                break;
            case LineControl:
                _lineControl = value & 0xff;
                Pull();
                MoveTrigger();
                break;
            case Control:
                WriteControl(value & 0xff87);
                break;
            case FifoLevels:
                _fifoLevels = value & 0x3f;
                MoveTrigger();
                break;
            case InterruptMask:
                _mask = value & AllInterrupts;
                break;
            case InterruptClear:
                ClearInterrupts(value);
                break;
            case DmaControl:
                _dmaControl = value & 7;
                break;
        }

        LeaveAndUpdate(self);
    }

    private uint ReadData(int self)
    {
        uint value = 0;
        _lock.Enter();
        if (_count != 0)
        {
            value = _fifo[_first];
            _first = (_first + 1) & (FifoSize - 1);
            _count--;
            if (_overrun)
            {
                value |= DataOverrun;
                _overrun = false;
            }

            _timeoutToCome = _count != 0;
            if (_count != 0)
            {
                _raw |= TimeoutInterrupt;
            }

            RefreshReceive();
        }

        Pull();
        LeaveAndUpdate(self);
        return value;
    }

    private void RaiseTransmit(int self)
    {
        _lock.Enter();
        _raw |= TransmitInterrupt;
        LeaveAndUpdate(self);
    }

    private void LoopBack(int self, byte value)
    {
        _lock.Enter();
        _raw |= TransmitInterrupt;
        if (_count < Depth)
        {
            Push(value);
        }
        else
        {
            _overrun = true;
            _status |= StatusOverrun;
            _raw |= OverrunInterrupt;
        }

        LeaveAndUpdate(self);
    }

    private void WriteControl(uint value)
    {
        uint before = _flags;
        _control = value;
        RefreshFlags();
        for (int i = 0; i < ModemFlags.Length; i++)
        {
            _raw |= (((before ^ _flags) >> ModemFlags[i]) & 1) << i;
        }

        Pull();
    }

    private void ClearInterrupts(uint value)
    {
        bool stillToCome = _timeoutToCome && (value & (ReceiveInterrupt | TimeoutInterrupt)) != 0;
        _raw &= ~value;
        if (stillToCome)
        {
            RaiseReceive();
            _timeoutToCome = false;
        }
    }

    // In loopback the line from outside is cut off.
    private void Pull()
    {
        while (_count < Depth && !IsLoopback && _backend.TryTake(out byte value))
        {
            Push(value);
        }
    }

    private void Push(byte value)
    {
        _fifo[(_first + _count) & (FifoSize - 1)] = value;
        _count++;
        _timeoutToCome = true;
        RaiseReceive();
        RefreshFlags();
    }

    private void RaiseReceive()
    {
        _raw |= _count >= Trigger ? TimeoutInterrupt | ReceiveInterrupt : TimeoutInterrupt;
    }

    private void MoveTrigger()
    {
        if (_count >= Trigger)
        {
            _raw |= ReceiveInterrupt;
        }

        RefreshReceive();
    }

    // On the way up a reception raises the receive interrupt; here it falls on the way down.
    private void RefreshReceive()
    {
        if (_count < Trigger)
        {
            _raw &= ~ReceiveInterrupt;
        }

        if (_count == 0)
        {
            _raw &= ~TimeoutInterrupt;
        }

        RefreshFlags();
    }

    private void RefreshFlags()
    {
        uint flags = TransmitEmpty;
        if (_count == 0)
        {
            flags |= ReceiveEmpty;
        }

        if (_count >= Depth)
        {
            flags |= ReceiveFull;
        }

        for (int i = 0; IsLoopback && i < ModemFlags.Length; i++)
        {
            flags |= ((_control >> ModemOutputs[i]) & 1) << ModemFlags[i];
        }

        _flags = flags;
    }

    private void LeaveAndUpdate(int self)
    {
        int level = (_raw & _mask) != 0 ? 1 : 0;
        bool changed = level != _level;
        _level = level;
        _lock.Exit();
        if (changed)
        {
            _line.Update(self, ref _level);
        }
    }
}

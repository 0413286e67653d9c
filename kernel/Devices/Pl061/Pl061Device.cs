using SharpVisor.Arch;

namespace SharpVisor.Devices;

/// <summary>The eight pins of the guest machine that buttons are wired to: an Arm PL061 (Arm DDI 0190).</summary>
/// <remarks>
/// A pin that the guest has made an output is connected to nothing. An edge is noticed, and kept until the guest clears
/// it, only while the pin is an input that is sensed by edges; a level interrupts as long as it lasts.
/// </remarks>
public sealed class Pl061Device : MmioDevice
{
    private const uint DataEnd = 0x400; // address bits 9:2 choose the pins that an access of the data register is about
    private const uint Direction = 0x400;
    private const uint LevelSense = 0x404;
    private const uint BothEdges = 0x408;
    private const uint Event = 0x40c;
    private const uint InterruptMask = 0x410;
    private const uint RawInterrupts = 0x414;
    private const uint MaskedInterrupts = 0x418;
    private const uint InterruptClear = 0x41c;
    private const uint ModeControl = 0x420;
    private const uint Identification = 0xfe0;
    private const int PinShift = 2;

    private readonly InterruptLine _line;
    private SpinLock _lock;
    private uint _inputs;
    private uint _outputs;
    private uint _direction;
    private uint _sense;
    private uint _both;
    private uint _event;
    private uint _mask;
    private uint _edges;
    private uint _mode;
    private int _level;

    /// <summary>Makes the device, with every pin low and an input.</summary>
    public Pl061Device(InterruptLine line) => _line = line;

    // PeriphID0-3 and PCellID0-3 (3.3.13, 3.3.14).
    private static System.ReadOnlySpan<byte> Ids => [0x61, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1];

    private uint Pins => (_outputs & _direction) | (_inputs & ~_direction);

    private uint Raw => (_edges & ~_sense) | (~(Pins ^ _event) & _sense & 0xff);

    /// <summary>Whether the guest wants an interrupt when a pin changes.</summary>
    /// <param name="pin">0 to 7.</param>
    public bool IsListenedTo(int pin) => (_mask & ~_direction & (1u << pin)) != 0;

    /// <summary>Drives a pin from outside.</summary>
    /// <param name="self">Index of the VCpu on whose behalf the caller runs, or -1.</param>
    /// <param name="pin">0 to 7.</param>
    /// <param name="isHigh">Its level from now on.</param>
    public void SetInput(int self, int pin, bool isHigh)
    {
        uint bit = 1u << pin;
        _lock.Enter();
        if ((_inputs & bit) != 0 != isHigh)
        {
            _inputs ^= bit;
            uint noticed = _both | ~(_event ^ _inputs); // either edge, or the one towards the level of the event
            _edges |= bit & noticed & ~_direction & ~_sense;
        }

        LeaveAndUpdate(self);
    }

    /// <inheritdoc/>
    public override ulong Read(int vcpu, uint offset, int size)
    {
        if ((offset & 3) != 0)
        {
            return 0;
        }

        _lock.Enter();
        uint value = offset < DataEnd ? Pins & (offset >> PinShift) : ReadRegister(offset);
        _lock.Exit();
        return value; // eight bits: every size holds them
    }

    /// <inheritdoc/>
    public override void Write(int vcpu, uint offset, int size, ulong value)
    {
        uint bits = (uint)value & 0xff;
        if ((offset & 3) != 0)
        {
            return;
        }

        _lock.Enter();
        if (offset < DataEnd)
        {
            uint chosen = offset >> PinShift & _direction;
            _outputs = (_outputs & ~chosen) | (bits & chosen);
        }
        else
        {
            WriteRegister(offset, bits);
        }

        LeaveAndUpdate(vcpu);
    }

    /// <inheritdoc/>
    public override void Reset()
    {
        _lock.Enter();
        _inputs = 0;
        _outputs = 0;
        _direction = 0;
        _sense = 0;
        _both = 0;
        _event = 0;
        _mask = 0;
        _edges = 0;
        _mode = 0;
        LeaveAndUpdate(-1);
    }

    private uint ReadRegister(uint offset)
    {
        switch (offset)
        {
            case Direction:
                return _direction;
            case LevelSense:
                return _sense;
            case BothEdges:
                return _both;
            case Event:
                return _event;
            case InterruptMask:
                return _mask;
            case RawInterrupts:
                return Raw;
            case MaskedInterrupts:
                return Raw & _mask;
            case ModeControl:
                return _mode;
            default:
                uint id = (offset - Identification) >> 2;
                return id < (uint)Ids.Length ? Ids[(int)id] : 0u;
        }
    }

    private void WriteRegister(uint offset, uint bits)
    {
        switch (offset)
        {
            case Direction:
                _direction = bits;
                break;
            case LevelSense:
                _sense = bits;
                break;
            case BothEdges:
                _both = bits;
                break;
            case Event:
                _event = bits;
                break;
            case InterruptMask:
                _mask = bits;
                break;
            case InterruptClear:
                _edges &= ~bits;
                break;
            case ModeControl:
                _mode = bits;
                break;
        }
    }

    private void LeaveAndUpdate(int self)
    {
        int level = (Raw & _mask) != 0 ? 1 : 0;
        bool changed = level != _level;
        _level = level;
        _lock.Exit();
        if (changed)
        {
            _line.Update(self, ref _level);
        }
    }
}

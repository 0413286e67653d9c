using SharpVisor.Arch;

namespace SharpVisor.Devices;

/// <summary>The real-time clock of the guest machine: an Arm PL031 (Arm DDI 0224).</summary>
/// <remarks>
/// It counts seconds of a <see cref="WallClock"/>, from wherever the guest sets it. The alarm is noticed when it is
/// looked for: at every access of the guest but a read of the time, and at every <see cref="Tick"/>. Whoever wants
/// it on time asks <see cref="TryGetAlarm"/> when to call that.
/// </remarks>
public sealed class Pl031Device : MmioDevice
{
    private const uint Data = 0x00;
    private const uint Match = 0x04;
    private const uint Load = 0x08;
    private const uint Control = 0x0c;
    private const uint InterruptMask = 0x10;
    private const uint RawInterrupt = 0x14;
    private const uint MaskedInterrupt = 0x18;
    private const uint InterruptClear = 0x1c;
    private const uint Identification = 0xfe0;
    private const uint Started = 1; // once started it cannot be stopped but by reset, and firmware has started it

    private readonly InterruptLine _line;
    private readonly WallClock _clock;
    private SpinLock _lock;
    private uint _offset;
    private uint _load;
    private uint _match;
    private uint _lastChecked;
    private uint _mask;
    private uint _raw;
    private int _level;

    /// <summary>Makes the clock, showing the time of day.</summary>
    public Pl031Device(InterruptLine line, WallClock clock)
    {
        _line = line;
        _clock = clock;
        _lastChecked = (uint)clock.Seconds;
    }

    // PeriphID0-3 and PCellID0-3 (3.3.9, 3.3.10).
    private static System.ReadOnlySpan<byte> Ids => [0x31, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1];

    private uint Now => (uint)_clock.Seconds + _offset;

    /// <inheritdoc/>
    public override ulong Read(int vcpu, uint offset, int size)
    {
        uint value;
        if (offset == Data)
        {
            value = Now;
        }
        else if ((offset & 3) != 0)
        {
            return 0;
        }
        else
        {
            Tick(vcpu);
            value = ReadRegister(offset);
        }

        return value & (ulong.MaxValue >> (64 - (size << 3)));
    }

    /// <inheritdoc/>
    public override void Write(int vcpu, uint offset, int size, ulong value)
    {
        uint word = (uint)(value & (ulong.MaxValue >> (64 - (size << 3))));
        _lock.Enter();
        NoticeAlarm();
        switch (offset)
        {
            case Match:
                _match = word;
                RaiseIfDue();
                break;
            case Load:
                _load = word;
                _offset = word - (uint)_clock.Seconds;
                _lastChecked = word;
                RaiseIfDue();
                break;
            case InterruptMask:
                _mask = word & 1;
                break;
            case InterruptClear:
                _raw &= ~word;
                break;
        }

        LeaveAndUpdate(vcpu);
    }

    /// <summary>Looks whether the alarm is due, and raises the interrupt if so.</summary>
    /// <param name="self">Index of the VCpu on whose behalf the caller runs, or -1.</param>
    public void Tick(int self)
    {
        _lock.Enter();
        NoticeAlarm();
        LeaveAndUpdate(self);
    }

    /// <summary>When <see cref="Tick"/> is wanted.</summary>
    /// <param name="seconds">Seconds from now, at least 1.</param>
    /// <returns>False where the guest wants no interrupt, or already has it.</returns>
    public bool TryGetAlarm(out ulong seconds)
    {
        _lock.Enter();
        uint distance = _match - Now;
        seconds = distance == 0 ? 1ul << 32 : distance;
        bool wanted = (_mask & ~_raw) != 0;
        _lock.Exit();
        return wanted;
    }

    /// <inheritdoc/>
    public override void Reset()
    {
        _lock.Enter();
        _offset = 0;
        _load = 0;
        _match = 0;
        _mask = 0;
        _raw = 0;
        _lastChecked = (uint)_clock.Seconds;
        LeaveAndUpdate(-1);
    }

    private uint ReadRegister(uint offset)
    {
        switch (offset)
        {
            case Match:
                return _match;
            case Load:
                return _load;
            case Control:
                return Started;
            case InterruptMask:
                return _mask;
            case RawInterrupt:
                return _raw;
            case MaskedInterrupt:
                return _raw & _mask;
            default:
                uint id = (offset - Identification) >> 2;
                return id < (uint)Ids.Length ? Ids[(int)id] : 0u;
        }
    }

    // The match may lie anywhere in the seconds since the last look, across the wrap of the counter too.
    private void NoticeAlarm()
    {
        uint now = Now;
        if (_match - _lastChecked - 1 < now - _lastChecked)
        {
            _raw = 1;
        }

        _lastChecked = now;
    }

    private void RaiseIfDue()
    {
        if (_match == Now)
        {
            _raw = 1;
        }
    }

    private void LeaveAndUpdate(int self)
    {
        int level = (int)(_raw & _mask);
        bool changed = level != _level;
        _level = level;
        _lock.Exit();
        if (changed)
        {
            _line.Update(self, ref _level);
        }
    }
}

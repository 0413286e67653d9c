using System.Collections.Generic;

namespace SharpVisor.Tests.Unit.Devices;

/// <summary>What a PL011 is, said once more in the plainest way, for comparison with the device.</summary>
internal sealed class Pl011Model
{
    private readonly Queue<byte> _fifo = new();
    private readonly Dictionary<uint, uint> _stored = new();
    private readonly HashSet<string> _raised = [];
    private bool _errorInStatus;
    private bool _overrunInData;
    private bool _freshSinceClear;

    internal Pl011Model() => Reset();

    internal Queue<byte> Typed { get; } = new();

    internal List<byte> Sent { get; } = [];

    internal bool Line => (Raw & _stored[0x38]) != 0;

    private bool Fifos => (_stored[0x2c] & 0x10) != 0;

    private bool Loopback => (_stored[0x30] & 0x80) != 0;

    private int Room => (Fifos ? 32 : 1) - _fifo.Count;

    private int Trigger
    {
        get
        {
            if (!Fifos)
            {
                return 1;
            }

            int[] levels = [4, 8, 16, 24, 28, 16, 16, 16];
            return levels[(_stored[0x34] >> 3) & 7];
        }
    }

    private uint Raw
    {
        get
        {
            uint raw = 0;
            string[] names = ["RI", "CTS", "DCD", "DSR", "RX", "TX", "RT", "FE", "PE", "BE", "OE"];
            for (int i = 0; i < names.Length; i++)
            {
                raw |= _raised.Contains(names[i]) ? 1u << i : 0;
            }

            return raw;
        }
    }

    internal void Reset()
    {
        _fifo.Clear();
        _raised.Clear();
        _errorInStatus = _overrunInData = _freshSinceClear = false;
        foreach (uint register in (uint[])[0x20, 0x24, 0x28, 0x2c, 0x38, 0x48])
        {
            _stored[register] = 0;
        }

        _stored[0x30] = 0x300;
        _stored[0x34] = 0x12;
    }

    internal void Input()
    {
        while (!Loopback && Room > 0 && Typed.Count > 0)
        {
            Receive(Typed.Dequeue());
        }
    }

    internal ulong Read(uint register, int size)
    {
        uint value = register switch
        {
            0x00 => ReadData(),
            0x04 => _errorInStatus ? 8u : 0,
            0x18 => Flags(),
            0x3c => Raw,
            0x40 => Raw & _stored[0x38],
            0xfe0 => 0x11,
            0xfe4 => 0x10,
            0xfe8 => 0x34,
            0xff0 => 0x0d,
            0xff4 => 0xf0,
            0xff8 => 0x05,
            0xffc => 0xb1,
            _ => _stored.GetValueOrDefault(register),
        };
        return Cut(value, size);
    }

    internal void Write(uint register, int size, ulong wide)
    {
        uint value = (uint)Cut(wide, size);
        switch (register)
        {
            case 0x00:
                _raised.Add("TX");
                if (!Loopback)
                {
                    Sent.Add((byte)value);
                }
                else if (Room > 0)
                {
                    Receive((byte)value);
                }
                else
                {
                    _errorInStatus = _overrunInData = true;
                    _raised.Add("OE");
                }

                break;
            case 0x04:
                _errorInStatus = false;
                break;
            case 0x20:
                _stored[register] = value % 0x100;
                break;
            case 0x24:
                _stored[register] = value % 0x1_0000;
                break;
            case 0x28:
                _stored[register] = value % 0x40;
                break;
            case 0x2c:
                _stored[register] = value % 0x100;
                Input();
                AfterConfiguration();
                break;
            case 0x30:
                uint before = Flags();
                _stored[register] = value & 0xff87;
                foreach ((string name, int bit) in ((string, int)[])[("RI", 8), ("CTS", 0), ("DCD", 2), ("DSR", 1)])
                {
                    if (((before ^ Flags()) >> bit & 1) != 0)
                    {
                        _raised.Add(name);
                    }
                }

                Input();
                break;
            case 0x34:
                _stored[register] = value % 0x40;
                AfterConfiguration();
                break;
            case 0x38:
                _stored[register] = value % 0x800;
                break;
            case 0x44:
                Clear(value);
                break;
            case 0x48:
                _stored[register] = value % 8;
                break;
        }
    }

    private static ulong Cut(ulong value, int size) => size == 8 ? value : value % (1ul << (8 * size));

    private void Clear(uint value)
    {
        string[] names = ["RI", "CTS", "DCD", "DSR", "RX", "TX", "RT", "FE", "PE", "BE", "OE"];
        for (int i = 0; i < names.Length; i++)
        {
            if ((value >> i & 1) != 0)
            {
                _raised.Remove(names[i]);
            }
        }

        // Bytes that nobody has had time to see keep their interrupts once.
        if ((value & 0x50) != 0 && _freshSinceClear)
        {
            _freshSinceClear = false;
            Announce();
        }
    }

    private uint Flags()
    {
        uint flags = 0x80;
        flags |= _fifo.Count == 0 ? 0x10u : 0;
        flags |= Room <= 0 ? 0x40u : 0;
        if (Loopback)
        {
            uint control = _stored[0x30];
            flags |= (control & 0x2000) != 0 ? 0x100u : 0; // Out2 to RI
            flags |= (control & 0x1000) != 0 ? 0x004u : 0; // Out1 to DCD
            flags |= (control & 0x0800) != 0 ? 0x001u : 0; // RTS to CTS
            flags |= (control & 0x0400) != 0 ? 0x002u : 0; // DTR to DSR
        }

        return flags;
    }

    private uint ReadData()
    {
        uint value = 0;
        if (_fifo.Count > 0)
        {
            value = _fifo.Dequeue();
            value += _overrunInData ? 0x800u : 0;
            _overrunInData = false;
            _freshSinceClear = _fifo.Count > 0;
            Quieten();
            if (_fifo.Count > 0)
            {
                _raised.Add("RT");
            }
        }

        Input();
        return value;
    }

    private void Receive(byte value)
    {
        _fifo.Enqueue(value);
        _freshSinceClear = true;
        Announce();
    }

    private void Announce()
    {
        _raised.Add("RT");
        if (_fifo.Count >= Trigger)
        {
            _raised.Add("RX");
        }
    }

    private void AfterConfiguration()
    {
        if (_fifo.Count >= Trigger)
        {
            _raised.Add("RX");
        }

        Quieten();
    }

    private void Quieten()
    {
        if (_fifo.Count < Trigger)
        {
            _raised.Remove("RX");
        }

        if (_fifo.Count == 0)
        {
            _raised.Remove("RT");
        }
    }
}

using System.Collections.Generic;
using SharpVisor.Devices;

namespace SharpVisor.Tests.Unit.Devices;

/// <summary>A terminal that holds what a test types and keeps what the device sent.</summary>
internal sealed class ScriptedConsole : ConsoleBackend
{
    private readonly Queue<byte> _typed = new();
    private readonly List<byte> _sent = [];

    internal byte[] Sent
    {
        get
        {
            lock (_sent)
            {
                return [.. _sent];
            }
        }
    }

    internal int Waiting
    {
        get
        {
            lock (_typed)
            {
                return _typed.Count;
            }
        }
    }

    internal void Type(byte value)
    {
        lock (_typed)
        {
            _typed.Enqueue(value);
        }
    }

    public override void Transmit(byte value)
    {
        lock (_sent)
        {
            _sent.Add(value);
        }
    }

    public override bool TryTake(out byte value)
    {
        lock (_typed)
        {
            return _typed.TryDequeue(out value);
        }
    }
}

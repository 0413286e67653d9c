using System.Threading;
using SharpVisor.Devices;

namespace SharpVisor.Tests.Unit.Devices;

/// <summary>An interrupt controller of one wire: reads the level when told that it changed, as the real one does.</summary>
internal sealed class RecordingLine : InterruptLine
{
    private readonly Lock _lock = new();

    internal int Level { get; private set; }

    internal int Updates { get; private set; }

    internal int LastSelf { get; private set; } = int.MinValue;

    public override void Update(int self, ref int level)
    {
        lock (_lock)
        {
            Level = Volatile.Read(ref level);
            Updates++;
            LastSelf = self;
        }
    }
}

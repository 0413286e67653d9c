using SharpVisor.Devices.Virtio;

namespace SharpVisor.Tests.Unit.Devices.Virtio;

/// <summary>A CPU that does an access anew until nothing is left, as the real one does; or only so often.</summary>
internal sealed class DirectRunner : WorkRunner
{
    /// <summary>Times that an access is done at most.</summary>
    internal int MostTurns { get; set; } = int.MaxValue;

    /// <summary>Times that work was begun.</summary>
    internal int Turns { get; private set; }

    public override void Work(VirtioTransport transport)
    {
        for (int i = 0; i < MostTurns; i++)
        {
            Turns++;
            if (transport.Work(0))
            {
                return;
            }
        }
    }

    public override void Configure(VirtioTransport transport, uint offset, int size, uint value)
    {
        for (int i = 0; i < MostTurns; i++)
        {
            if (transport.Configure(0, offset, size, value))
            {
                return;
            }
        }
    }
}

namespace SharpVisor.Debug;

/// <summary>Where log text goes: the physical UART once one is found.</summary>
public abstract class LogSink
{
    /// <summary>Takes one byte. Must return in bounded time on any state of the hardware.</summary>
    public abstract void Write(byte value);
}

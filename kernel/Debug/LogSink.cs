namespace SharpVisor.Debug;

/// <summary>Where log text goes: the physical UART once one is found, then the console that shares it.</summary>
public abstract class LogSink
{
    /// <summary>Takes one byte. Must return in bounded time on any state of the hardware.</summary>
    public abstract void Write(byte value);

    /// <summary>A line of the hypervisor's begins: what stands on the terminal's current line makes room for it.</summary>
    public virtual void BeginLine()
    {
    }

    /// <summary>The line that was begun has ended.</summary>
    public virtual void EndLine()
    {
    }
}

namespace SharpVisor.Debug;

/// <summary>A serial line in both directions.</summary>
public abstract class SerialLine : LogSink
{
    /// <summary>Takes a received byte where there is one; when there is none the interrupt is quiet.</summary>
    public abstract bool TryRead(out byte value);

    /// <summary>Keeps received bytes in the device without an interrupt, or lets it interrupt again.</summary>
    public abstract void SetReceiveInterrupt(bool enabled);
}

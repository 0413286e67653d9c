using System;

namespace SharpVisor.Drivers;

/// <summary>
/// Bytes in both directions, in order, with somebody's program at the other end. Nothing waits: what has come can be
/// taken, what is to go is put into a buffer where one is free, and an interrupt comes when there is more to do.
/// </summary>
public abstract class ByteChannel
{
    /// <summary>INTID of its interrupt.</summary>
    public abstract uint Interrupt { get; }

    /// <summary>Whether somebody is at the other end.</summary>
    public abstract bool IsOpen { get; }

    /// <summary>How often somebody came to the other end. Who is there now may be another one.</summary>
    public abstract uint Openings { get; }

    /// <summary>How many requests may well be under way at a time: 1 where bytes that come too fast are lost.</summary>
    public abstract int Window { get; }

    /// <summary>Whether what is sent goes on only when somebody looks at it again, as no interrupt tells of it.</summary>
    public abstract bool WantsTick { get; }

    /// <summary>Looks at bytes that have come and were not taken: the next ones, not all. None: an interrupt says when there are.</summary>
    public abstract ReadOnlySpan<byte> Peek();

    /// <summary>The interrupt has come: looks what the hardware has to say.</summary>
    public abstract void HandleInterrupt();

    /// <summary>
    /// Takes notice of who has come and gone: at least of all that happened before the bytes came which <see cref="Peek"/>
    /// has shown.
    /// </summary>
    public abstract void NoticeOpenings();

    /// <summary>Takes that many of the bytes that <see cref="Peek"/> has shown.</summary>
    public abstract void Take(int count);

    /// <summary>A buffer for what is to be sent. Empty where none is free; then an interrupt comes when one is.</summary>
    public abstract Span<byte> BeginWrite();

    /// <summary>Sends that many bytes of the buffer that <see cref="BeginWrite"/> gave.</summary>
    public abstract void EndWrite(int length);

    /// <summary>Tells the hardware of what was taken and sent since.</summary>
    public abstract void Flush();
}

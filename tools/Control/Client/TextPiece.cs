using System;
using SharpVisor.Console;

namespace SharpVisor.Control.Client;

/// <summary>A piece of the log or of what a VM printed.</summary>
/// <param name="Position">Place of the first byte in all that was ever written.</param>
/// <param name="End">Place behind the newest byte.</param>
/// <param name="State">The VM's state; for the log it means nothing.</param>
/// <param name="Bytes">The text.</param>
internal readonly record struct TextPiece(ulong Position, ulong End, VmState State, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Where to go on reading.</summary>
    internal ulong Next => Position + (ulong)Bytes.Length;

    /// <summary>Whether there is more to be had at once.</summary>
    internal bool HasMore => Next < End;
}

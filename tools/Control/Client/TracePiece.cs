using System;

namespace SharpVisor.Control.Client;

/// <summary>Records of a CPU's event trace.</summary>
/// <param name="Position">Position of the first one; those between the one that was asked for and this one are lost.</param>
/// <param name="End">Position behind the newest one there is.</param>
/// <param name="Records">The records.</param>
internal sealed record TracePiece(ulong Position, ulong End, ReadOnlyMemory<byte> Records);

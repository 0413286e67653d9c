using System;

namespace SharpVisor.Control.Client;

/// <summary>What a VM's debugger has answered.</summary>
/// <param name="Taken">Bytes from gdb that were taken in all.</param>
/// <param name="IsDone">Whether gdb has said good-bye.</param>
/// <param name="Bytes">What is for gdb.</param>
internal readonly record struct DebuggerPiece(ulong Taken, bool IsDone, ReadOnlyMemory<byte> Bytes);

namespace SharpVisor.Hvctl.Json;

/// <summary>A piece of the log.</summary>
/// <param name="Position">Place of its first byte in all that was logged.</param>
/// <param name="End">Place behind the newest byte.</param>
/// <param name="LostBytes">What was written before it and is not kept any more.</param>
/// <param name="Text">The lines.</param>
internal sealed record LogJson(ulong Position, ulong End, ulong LostBytes, string Text);

namespace SharpVisor.Hvctl.Json;

/// <summary>Memory in front of a disk, in bytes.</summary>
internal sealed record OverlayJson(ulong Used, ulong Size);

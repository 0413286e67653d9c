namespace SharpVisor.Hvctl.Json;

/// <summary>Which lines are logged.</summary>
internal sealed record LogLevelJson(string Level);

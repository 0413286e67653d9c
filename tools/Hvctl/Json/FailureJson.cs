namespace SharpVisor.Hvctl.Json;

/// <summary>What stands on standard output in place of a result.</summary>
internal sealed record FailureJson(ErrorJson Error);

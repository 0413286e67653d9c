namespace SharpVisor.Hvctl.Json;

/// <summary>How often a guest was seen in a function.</summary>
internal sealed record ProfileFunctionJson(string Name, int Samples, double Percent);

namespace SharpVisor.Build.Fetching;

/// <summary>apt's sources do not hold this version.</summary>
internal sealed class PackageNotServedException(string message) : FetchException(message);

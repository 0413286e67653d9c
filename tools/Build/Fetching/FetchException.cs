using System;

namespace SharpVisor.Build.Fetching;

/// <summary>A package could not be had; the message says what was tried.</summary>
internal class FetchException(string message) : Exception(message);

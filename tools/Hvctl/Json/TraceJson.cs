namespace SharpVisor.Hvctl.Json;

/// <summary>What <c>trace</c> has written.</summary>
/// <param name="File">The file.</param>
/// <param name="Seconds">How long was traced.</param>
/// <param name="Events">Events in it.</param>
/// <param name="LostRecords">Records that the machine had overwritten before they were read.</param>
internal sealed record TraceJson(string File, double Seconds, long Events, ulong LostRecords);

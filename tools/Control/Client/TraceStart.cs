namespace SharpVisor.Control.Client;

/// <summary>What a reader of the event trace has to know.</summary>
/// <param name="Frequency">Ticks of the machine's counter in a second: the times of records.</param>
/// <param name="Start">What the counter was when the machine's time was 0.</param>
/// <param name="Cpus">How many CPUs have records.</param>
internal sealed record TraceStart(ulong Frequency, ulong Start, int Cpus);

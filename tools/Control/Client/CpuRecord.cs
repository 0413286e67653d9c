using SharpVisor.Console;

namespace SharpVisor.Control.Client;

/// <summary>A CPU of the machine.</summary>
/// <param name="Index">Its number.</param>
/// <param name="Status">What there is to say of it.</param>
internal readonly record struct CpuRecord(int Index, CpuStatus Status);

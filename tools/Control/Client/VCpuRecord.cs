using SharpVisor.Console;

namespace SharpVisor.Control.Client;

/// <summary>A VCpu and whose it is.</summary>
/// <param name="Vm">The VM's number.</param>
/// <param name="Index">Which of its VCpus.</param>
/// <param name="Status">What there is to say of it.</param>
internal readonly record struct VCpuRecord(int Vm, int Index, VCpuStatus Status);

using System.Collections.Generic;

namespace SharpVisor.Hvctl.Json;

/// <summary>A VCpu's registers by their names in the Arm manual, in hexadecimal.</summary>
internal sealed record RegistersJson(string Vm, int Vcpu, IReadOnlyDictionary<string, string> Registers);

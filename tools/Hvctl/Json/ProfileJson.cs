using System.Collections.Generic;

namespace SharpVisor.Hvctl.Json;

/// <summary>What a VM's guest was doing.</summary>
/// <param name="Vm">Its name.</param>
/// <param name="Seconds">How long it was looked at.</param>
/// <param name="Samples">How often something was seen.</param>
/// <param name="UserSamples">Those in user programs.</param>
/// <param name="LostRecords">Records that the machine had overwritten before they were read.</param>
/// <param name="Offset">What addresses were above those of the symbols.</param>
/// <param name="Functions">Where, the most frequent first.</param>
/// <param name="File">The flame graph; or null.</param>
internal sealed record ProfileJson(
    string Vm, double Seconds, int Samples, int UserSamples, ulong LostRecords, string Offset, IReadOnlyList<ProfileFunctionJson> Functions, string? File);

namespace SharpVisor.Hvctl.Json;

/// <summary>What came of one operation on one VM.</summary>
/// <param name="Action">The verb.</param>
/// <param name="Name">The VM.</param>
/// <param name="Id">Its number.</param>
/// <param name="Ok">Whether it was done.</param>
/// <param name="State">The state that it is in afterwards; null where it is gone.</param>
/// <param name="Error">Why it was not done; null where it was.</param>
internal sealed record ActionJson(string Action, string Name, int Id, bool Ok, string? State, ErrorJson? Error);

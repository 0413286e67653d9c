namespace SharpVisor.Hvctl.Json;

/// <summary>An interrupt in use; <c>vm</c> is null where it is the hypervisor's own.</summary>
internal sealed record InterruptJson(uint Number, string User, ulong Count, string? Vm);

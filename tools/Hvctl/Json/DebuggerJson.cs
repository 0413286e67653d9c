namespace SharpVisor.Hvctl.Json;

/// <summary>Where gdb finds a VM: <c>target remote host:port</c>.</summary>
internal sealed record DebuggerJson(string Vm, string Host, int Port);

using SharpVisor.Console;

namespace SharpVisor.Tests.Machine.Control;

/// <summary>An answer of the hypervisor's.</summary>
internal sealed record ControlAnswer(byte Session, ushort Id, byte Operation, ControlOutcome Outcome, byte[] Payload);

namespace SharpVisor.Tests.Unit.Devices.Virtio;

/// <summary>A piece of guest memory that a driver lays before a device.</summary>
internal readonly record struct ModelBuffer(ulong Address, uint Length, bool IsWritable);

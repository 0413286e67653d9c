using SharpVisor.Console;

namespace SharpVisor.Hvctl.Json;

/// <summary>A disk; <c>overlay</c> is null where it has none.</summary>
internal sealed record DiskJson(
    string Serial,
    ulong Size,
    bool ReadOnly,
    int Slot,
    OverlayJson? Overlay,
    ulong Reads,
    ulong Writes,
    ulong Flushes,
    ulong Erases,
    ulong Errors,
    ulong ReadBytes,
    ulong WrittenBytes)
{
    internal static DiskJson From(in VmDiskStatus disk) => new(
        Names.Of(disk.Serial),
        disk.Size,
        disk.IsReadOnly,
        disk.Slot,
        disk.OverlaySize == 0 ? null : new OverlayJson(disk.OverlayUsed, disk.OverlaySize),
        disk.Reads,
        disk.Writes,
        disk.Flushes,
        disk.Erases,
        disk.Errors,
        disk.ReadBytes,
        disk.WrittenBytes);
}

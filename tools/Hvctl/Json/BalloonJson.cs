using SharpVisor.Console;

namespace SharpVisor.Hvctl.Json;

/// <summary>
/// What a VM's guest gives of its memory, and what it says of the rest: that may be anything, and is 0 where it says nothing.
/// </summary>
internal sealed record BalloonJson(
    bool HasDriver,
    ulong ActualBytes,
    ulong TargetBytes,
    ulong GuestTotalBytes,
    ulong GuestAvailableBytes,
    ulong GuestFreeBytes,
    ulong GuestCacheBytes,
    ulong GuestSwappedOutBytes,
    ulong GuestMajorFaults)
{
    internal static BalloonJson From(in VmStatus vm) => new(
        vm.HasBalloonDriver, vm.Balloon, vm.BalloonTarget, vm.GuestMemory, vm.GuestAvailable, vm.GuestFree, vm.GuestCaches, vm.GuestSwappedOut, vm.GuestMajorFaults);
}

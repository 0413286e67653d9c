using SharpVisor.Formats;
using SharpVisor.Machine.Life;

namespace SharpVisor.Tests.Unit.Machine;

/// <summary>
/// What a VM's state is where everything that is asked for happens at once. What the guest does itself happens when the
/// machine comes to it, unless a person has ended that run of the guest meanwhile.
/// </summary>
internal sealed class LifeModel(BundleCrashPolicy policy)
{
    private VmStop _guest;
    private bool _restarts;
    private bool _restartsPaused;

    // Destroyed, and perhaps not made again yet: a machine that was asked to start and to stop since then is only created.
    private bool _isNew;

    public LifeState State { get; private set; }

    public bool Request(LifeRequest request)
    {
        LifeState? next = (request, State) switch
        {
            (LifeRequest.Create, LifeState.Defined) => LifeState.Created,
            (LifeRequest.Start, LifeState.Defined or LifeState.Created or LifeState.Stopped or LifeState.Crashed) => LifeState.Running,
            (LifeRequest.Pause, LifeState.Running) => LifeState.Paused,
            (LifeRequest.Resume, LifeState.Paused) => LifeState.Running,
            (LifeRequest.Reset, LifeState.Running or LifeState.Paused) => LifeState.Running,
            (LifeRequest.Stop, LifeState.Running or LifeState.Paused) => _isNew ? LifeState.Created : LifeState.Stopped,
            (LifeRequest.Stop, LifeState.Crashed) when _restarts => LifeState.Crashed,
            (LifeRequest.Destroy, not LifeState.Defined) => LifeState.Defined,
            _ => null,
        };
        if (next is null)
        {
            return false;
        }

        if (request is not (LifeRequest.Pause or LifeRequest.Resume or LifeRequest.Create))
        {
            _guest = VmStop.None;
            _restarts = false;
        }

        _isNew |= request == LifeRequest.Destroy;
        State = next.Value;
        return true;
    }

    public void GuestStops(VmStop reason) => _guest = reason;

    public void Settle()
    {
        _isNew = false;
        VmStop guest = _guest;
        _guest = VmStop.None;
        if (guest == VmStop.PowerOff)
        {
            State = LifeState.Stopped;
        }
        else if (guest == VmStop.Crash)
        {
            _restarts = policy == BundleCrashPolicy.Restart;
            _restartsPaused = State == LifeState.Paused;
            State = LifeState.Crashed;
        }
    }

    public void Wait()
    {
        if (_restarts)
        {
            _restarts = false;
            State = _restartsPaused ? LifeState.Paused : LifeState.Running;
        }
    }
}

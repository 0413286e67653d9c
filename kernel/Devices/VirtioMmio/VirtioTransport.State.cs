using System.Threading;

namespace SharpVisor.Devices.Virtio;

/// <content>The state as words, for snapshots.</content>
public sealed partial class VirtioTransport
{
    /// <summary>
    /// Writes the whole state, the device's too. No VCpu runs. Where the VM then goes on, see <see cref="Resume"/>.
    /// </summary>
    public void Save(ref StateWriter state)
    {
        _lock.Enter();
        state.Add(_device.Id | (ulong)_setups.Length << 32);
        state.Add((uint)_status | (ulong)_generation << 32);
        state.Add(_device.Features);
        state.Add(_driverFeatures);
        state.Add((uint)_interruptStatus | (ulong)_queueSelect << 32);
        state.Add(_deviceFeaturesSelect | (ulong)_driverFeaturesSelect << 32);
        for (int i = 0; i < _setups.Length; i++)
        {
            Virtqueue queue = _device.Queues[i];
            queue.Lock.Enter();
            if (queue.IsReady)
            {
                _device.SuspendQueue(i);
            }

            queue.Save(ref state);
            queue.Lock.Exit();
            state.Add(_setups[i].Size);
            state.Add(_setups[i].DescriptorArea);
            state.Add(_setups[i].DriverArea);
            state.Add(_setups[i].DeviceArea);
        }

        _device.Save(ref state);
        _lock.Exit();
    }

    /// <summary>Takes over a state that <see cref="Save"/> wrote for a device like this one. No VCpu runs.</summary>
    /// <returns>False, with everything reset, where it is none.</returns>
    public bool TryRestore(ref StateReader state)
    {
        Reset(-1);
        _lock.Enter();
        bool isRight = TryRestoreHeld(ref state) && state.IsComplete;
        if (!isRight)
        {
            ResetHeld();
        }

        _lock.Exit();
        _line.Update(-1, ref _interruptStatus);
        return isRight;
    }

    /// <summary>
    /// Before a VM goes on whose state was saved or restored: lets the device look at all of its queues again. Then
    /// <see cref="Work"/> is to be called until it says that nothing is left.
    /// </summary>
    public void Resume()
    {
        if (IsLive)
        {
            Interlocked.Or(ref _pending, ReadyQueues());
        }
    }

    private bool TryRestoreHeld(ref StateReader state)
    {
        if (state.Take() != (_device.Id | (ulong)_setups.Length << 32))
        {
            return false;
        }

        ulong word = state.Take();
        int status = (int)(uint)word & (VirtioStatus.OfDriver | VirtioStatus.NeedsReset);
        _generation = (uint)(word >> 32);
        ulong features = state.Take();
        _driverFeatures = state.Take();
        word = state.Take();
        int interruptStatus = (int)(uint)word & (QueueInterrupt | ConfigInterrupt);
        _queueSelect = (uint)(word >> 32);
        word = state.Take();
        _deviceFeaturesSelect = (uint)word;
        _driverFeaturesSelect = (uint)(word >> 32);
        bool agreed = (status & VirtioStatus.FeaturesOk) != 0;
        if (agreed ? !IsAcceptable(features) : features != 0 || (status & VirtioStatus.DriverOk) != 0)
        {
            return false;
        }

        _device.Features = features;
        bool isRight = true;
        for (int i = 0; i < _setups.Length; i++)
        {
            Virtqueue queue = _device.Queues[i];
            queue.Lock.Enter();
            isRight &= queue.TryRestore(ref state, features) && (agreed || !queue.IsReady);
            queue.Lock.Exit();
            _setups[i].Size = (uint)state.Take();
            _setups[i].DescriptorArea = state.Take();
            _setups[i].DriverArea = state.Take();
            _setups[i].DeviceArea = state.Take();
        }

        if (!isRight || !_device.TryRestore(ref state))
        {
            return false;
        }

        if ((status & VirtioStatus.DriverOk) != 0)
        {
            _device.Start();
        }

        Volatile.Write(ref _interruptStatus, interruptStatus);
        Volatile.Write(ref _status, status);
        return true;
    }
}

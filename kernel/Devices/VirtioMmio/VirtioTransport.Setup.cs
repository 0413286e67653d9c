using System.Threading;

namespace SharpVisor.Devices.Virtio;

/// <content>Negotiation, the set-up of queues, configuration: what happens seldom.</content>
public sealed partial class VirtioTransport
{
    private const ulong LowHalf = uint.MaxValue;

    private ulong ReadSelected(uint offset)
    {
        uint selected = _queueSelect;
        bool exists = selected < (uint)_setups.Length;
        switch (offset)
        {
            case VirtioRegister.DeviceFeatures:
                uint half = _deviceFeaturesSelect;
                return half > 1 ? 0 : (uint)(_device.OfferedFeatures >> (int)(half * 32));
            case VirtioRegister.QueueSizeMax:
                return exists ? _device.Queues[(int)selected].MaximumSize : 0;
            case VirtioRegister.QueueReady:
                return exists && _device.Queues[(int)selected].IsReady ? 1u : 0;
            default:
                return 0; // QueueReset too: a reset is over when the write returns
        }
    }

    private void WriteSelected(int self, uint offset, uint value)
    {
        _lock.Enter();
        bool raised = false;
        switch (offset)
        {
            case VirtioRegister.DeviceFeaturesSelect:
                _deviceFeaturesSelect = value;
                break;
            case VirtioRegister.DriverFeaturesSelect:
                _driverFeaturesSelect = value;
                break;
            case VirtioRegister.QueueSelect:
                _queueSelect = value;
                break;
            case VirtioRegister.DriverFeatures:
                WriteDriverFeatures(value);
                break;
            default:
                raised = _queueSelect < (uint)_setups.Length && WriteQueue((int)_queueSelect, offset, value);
                break;
        }

        _lock.Exit();
        if (raised)
        {
            _line.Update(self, ref _interruptStatus);
        }
    }

    private void WriteDriverFeatures(uint value)
    {
        if ((_status & VirtioStatus.FeaturesOk) != 0 || _driverFeaturesSelect > 1)
        {
            return;
        }

        int shift = (int)_driverFeaturesSelect * 32;
        _driverFeatures = (_driverFeatures & ~(LowHalf << shift)) | ((ulong)value << shift);
    }

    /// <summary>A register of the selected queue. True where the wire may have to be raised.</summary>
    private bool WriteQueue(int index, uint offset, uint value)
    {
        Virtqueue queue = _device.Queues[index];
        ref QueueSetup setup = ref _setups[index];
        if (offset == VirtioRegister.QueueReady)
        {
            return WriteQueueReady(index, value);
        }

        if (offset == VirtioRegister.QueueReset)
        {
            if ((value & 1) != 0 && (_device.Features & VirtioFeatures.RingReset) != 0)
            {
                Disable(index);
                setup.Clear(queue);
            }

            return false;
        }

        if (queue.IsReady)
        {
            return false; // what is in use stays as it was checked
        }

        switch (offset)
        {
            case VirtioRegister.QueueSize:
                setup.Size = value;
                break;
            case VirtioRegister.QueueDescLow:
                SetLow(ref setup.DescriptorArea, value);
                break;
            case VirtioRegister.QueueDescHigh:
                SetHigh(ref setup.DescriptorArea, value);
                break;
            case VirtioRegister.QueueDriverLow:
                SetLow(ref setup.DriverArea, value);
                break;
            case VirtioRegister.QueueDriverHigh:
                SetHigh(ref setup.DriverArea, value);
                break;
            case VirtioRegister.QueueDeviceLow:
                SetLow(ref setup.DeviceArea, value);
                break;
            case VirtioRegister.QueueDeviceHigh:
                SetHigh(ref setup.DeviceArea, value);
                break;
        }

        return false;
    }

    private bool WriteQueueReady(int index, uint value)
    {
        Virtqueue queue = _device.Queues[index];
        if ((value & 1) == 0)
        {
            Disable(index);
            return false;
        }

        // The ring's format is not known before.
        if (queue.IsReady || (_status & (VirtioStatus.FeaturesOk | VirtioStatus.NeedsReset)) != VirtioStatus.FeaturesOk)
        {
            return false;
        }

        QueueSetup setup = _setups[index];
        queue.Lock.Enter();
        bool isRight = queue.TryEnable(setup.Size, setup.DescriptorArea, setup.DriverArea, setup.DeviceArea, _device.Features);
        queue.Lock.Exit();
        if (isRight)
        {
            return false;
        }

        bool wasLive = IsLive;
        Interlocked.Or(ref _status, VirtioStatus.NeedsReset);
        return wasLive && Interlocked.Or(ref _interruptStatus, ConfigInterrupt) == 0;
    }

    private void Disable(int index)
    {
        Virtqueue queue = _device.Queues[index];
        queue.Lock.Enter();
        _device.ResetQueue(index);
        queue.Reset();
        queue.Lock.Exit();
    }

    private bool WriteStatus(int self, uint value)
    {
        if (value == 0)
        {
            Reset(self);
            return true;
        }

        // A bit is only cleared by a reset.
        _lock.Enter();
        int added = (int)value & VirtioStatus.OfDriver & ~_status;
        if ((added & VirtioStatus.FeaturesOk) != 0)
        {
            if (IsAcceptable(_driverFeatures))
            {
                _device.Features = _driverFeatures;
            }
            else
            {
                added &= ~VirtioStatus.FeaturesOk;
            }
        }

        if (((_status | added) & VirtioStatus.FeaturesOk) == 0)
        {
            added &= ~VirtioStatus.DriverOk;
        }

        if ((added & VirtioStatus.DriverOk) != 0)
        {
            _device.Start();
            Interlocked.Or(ref _pending, ReadyQueues()); // some drivers fill their queues before
        }

        Interlocked.Or(ref _status, added);
        bool hasWork = (value & VirtioStatus.DriverOk) != 0 && IsLive && Volatile.Read(ref _pending) != 0;
        _lock.Exit();
        return !hasWork || Work(self);
    }

    private bool IsAcceptable(ulong features) =>
        (features & ~_device.OfferedFeatures) == 0 && (features & VirtioFeatures.Version1) != 0 && _device.Accepts(features);

    private uint ReadyQueues()
    {
        uint ready = 0;
        for (int i = 0; i < _setups.Length; i++)
        {
            ready |= _device.Queues[i].IsReady ? 1u << i : 0;
        }

        return ready;
    }

    private ulong ReadConfig(uint offset, int size)
    {
        if ((offset & (uint)(size - 1)) != 0)
        {
            return 0;
        }

        uint word = _device.ReadConfig(offset >> 2);
        if (size == 8)
        {
            return word | ((ulong)_device.ReadConfig((offset >> 2) + 1) << 32);
        }

        return (word >> (int)((offset & 3) * 8)) & (uint.MaxValue >> (32 - (size * 8)));
    }

    private void WriteConfig(uint offset, int size, uint value)
    {
        if ((offset & (uint)(size - 1)) != 0)
        {
            return;
        }

        _lock.Enter();
        _device.WriteConfig(offset, size, value & (uint.MaxValue >> (32 - (size * 8))));
        _lock.Exit();
    }

    private void ResetHeld()
    {
        Volatile.Write(ref _status, 0); // work that has not begun does not begin
        for (int i = 0; i < _setups.Length; i++)
        {
            Disable(i);
            _setups[i].Clear(_device.Queues[i]);
        }

        Interlocked.Exchange(ref _pending, 0);
        _device.Reset();
        _device.Features = 0;
        _driverFeatures = 0;
        Volatile.Write(ref _status, 0); // what work that was going on has set meanwhile
        Volatile.Write(ref _interruptStatus, 0);
    }

    private static void SetLow(ref ulong address, uint value) => address = (address & ~LowHalf) | value;

    private static void SetHigh(ref ulong address, uint value) => address = (address & LowHalf) | ((ulong)value << 32);
}

using System.Numerics;
using System.Threading;

namespace SharpVisor.Devices.Virtio;

/// <summary>The registers through which a driver reaches a virtio device: virtio-mmio, version 2 (virtio 1.2, 4.2).</summary>
/// <remarks>
/// <para>
/// Locks, in this order: the transport's own (what the driver selects and negotiates), then one queue's, then what the
/// device has. Notifications and the interrupt's registers take none. Every access has a result: registers are 32 bits
/// wide and aligned, anything else reads as 0 and is ignored; so is what comes at the wrong time.
/// </para>
/// <para>
/// Reset is done when the write returns, as drivers expect: it waits for work on a queue that another VCpu has caused,
/// which is bounded.
/// </para>
/// </remarks>
public sealed partial class VirtioTransport
{
    // Bits of the interrupt status (4.2.2).
    private const int QueueInterrupt = 1;
    private const int ConfigInterrupt = 2;

    private const uint NoRegion = uint.MaxValue; // a length of -1: there is no such shared memory

    private readonly VirtioDevice _device;
    private readonly InterruptLine _line;
    private readonly WorkRunner _runner;
    private readonly QueueSetup[] _setups;
    private Arch.SpinLock _lock;
    private int _status;
    private int _interruptStatus; // the level of the wire too: asserted unless 0
    private uint _pending; // queues with work, by bit
    private uint _generation;
    private uint _deviceFeaturesSelect;
    private uint _driverFeaturesSelect;
    private ulong _driverFeatures;
    private uint _queueSelect;

    /// <summary>Connects a device.</summary>
    /// <param name="device">Of this transport alone.</param>
    /// <param name="line">Its interrupt.</param>
    /// <param name="runner">Lets it work.</param>
    public VirtioTransport(VirtioDevice device, InterruptLine line, WorkRunner runner)
    {
        _device = device;
        _line = line;
        _runner = runner;
        _setups = new QueueSetup[device.Queues.Length];
        device.Transport = this;
        for (int i = 0; i < _setups.Length; i++)
        {
            device.Queues[i].Reset();
            _setups[i].Clear(device.Queues[i]);
        }
    }

    /// <summary>The device behind it.</summary>
    public VirtioDevice Device => _device;

    /// <summary>Whether the driver is ready and nothing is broken.</summary>
    public bool IsLive => (Volatile.Read(ref _status) & (VirtioStatus.DriverOk | VirtioStatus.NeedsReset)) == VirtioStatus.DriverOk;

    /// <summary>Whether the device has given up until the driver resets it.</summary>
    public bool NeedsReset => (Volatile.Read(ref _status) & VirtioStatus.NeedsReset) != 0;

    /// <summary>Reads a register.</summary>
    /// <param name="offset">Below 0x200.</param>
    /// <param name="size">1, 2, 4 or 8.</param>
    public ulong Read(uint offset, int size)
    {
        if (offset >= VirtioRegister.Config)
        {
            return ReadConfig(offset - VirtioRegister.Config, size);
        }

        if (size != 4)
        {
            return 0;
        }

        switch (offset)
        {
            case VirtioRegister.InterruptStatus:
                return (uint)Volatile.Read(ref _interruptStatus);
            case VirtioRegister.Status:
                return (uint)Volatile.Read(ref _status);
            case VirtioRegister.MagicValue:
                return EmptyTransport.Magic;
            case VirtioRegister.Version:
                return EmptyTransport.CurrentVersion;
            case VirtioRegister.DeviceId:
                return _device.Id;
            case VirtioRegister.VendorId:
                return EmptyTransport.Vendor;
            case VirtioRegister.ConfigGeneration:
                return Volatile.Read(ref _generation);
            case VirtioRegister.ShmLenLow:
            case VirtioRegister.ShmLenHigh:
            case VirtioRegister.ShmBaseLow:
            case VirtioRegister.ShmBaseHigh:
                return NoRegion;
            default:
                return ReadSelected(offset);
        }
    }

    /// <summary>Writes a register.</summary>
    /// <param name="vcpu">Index of the VCpu that does.</param>
    /// <param name="offset">Below 0x200.</param>
    /// <param name="size">1, 2, 4 or 8.</param>
    /// <param name="value">Bits above the size may hold anything.</param>
    public void Write(int vcpu, uint offset, int size, ulong value)
    {
        uint word = (uint)value;
        if (offset == VirtioRegister.QueueNotify && size == 4)
        {
            if (word < (uint)_setups.Length && IsLive)
            {
                Interlocked.Or(ref _pending, 1u << (int)word);
                _runner.Work(this);
            }
        }
        else if (offset == VirtioRegister.InterruptAck && size == 4)
        {
            int before = Interlocked.And(ref _interruptStatus, ~(int)word);
            if (before != 0 && (before & ~(int)word) == 0)
            {
                _line.Update(vcpu, ref _interruptStatus);
            }
        }
        else if (size <= 4)
        {
            _runner.Configure(this, offset, size, word);
        }
    }

    /// <summary>A write to any other register. Called by the <see cref="WorkRunner"/>.</summary>
    /// <returns>False where it is to be done anew, for the device has more work.</returns>
    public bool Configure(int self, uint offset, int size, uint value)
    {
        if (offset >= VirtioRegister.Config)
        {
            WriteConfig(offset - VirtioRegister.Config, size, value);
        }
        else if (size == 4)
        {
            if (offset == VirtioRegister.Status)
            {
                return WriteStatus(self, value);
            }

            WriteSelected(self, offset, value);
        }

        return true;
    }

    /// <summary>
    /// Does a bounded part of the work that drivers have asked for. Called by the <see cref="WorkRunner"/>.
    /// </summary>
    /// <param name="self">Index of the VCpu on whose behalf the caller runs, or -1.</param>
    /// <returns>False where there is more: call again soon.</returns>
    public bool Work(int self)
    {
        uint pending = Interlocked.Exchange(ref _pending, 0);
        uint more = 0;
        bool raised = false;
        for (; pending != 0; pending &= pending - 1)
        {
            int i = BitOperations.TrailingZeroCount(pending);
            Virtqueue queue = _device.Queues[i];
            queue.Lock.Enter();
            if (IsLive && queue.IsReady && !_device.Work(i))
            {
                more |= 1u << i;
            }

            raised |= TakeOutcome(queue);
            queue.Lock.Exit();
        }

        if (raised)
        {
            _line.Update(self, ref _interruptStatus);
        }

        if (_device.HasNews)
        {
            _device.Work(VirtioDevice.AfterAll);
        }

        if (more == 0 || !IsLive)
        {
            return true;
        }

        Interlocked.Or(ref _pending, more);
        return false;
    }

    /// <summary>
    /// What the device has done in a queue of its own accord becomes an interrupt, where the driver wants one. The caller
    /// holds the queue's lock, gives it back after this, and then calls <see cref="UpdateLine"/> where the result is true.
    /// </summary>
    public bool TakeOutcome(Virtqueue queue)
    {
        int bits = 0;
        if (queue.WantsInterrupt)
        {
            queue.WantsInterrupt = false;
            bits = QueueInterrupt;
        }

        // A reset that is going on takes this queue's lock later, and clears what is set here.
        if (queue.IsBroken && IsLive)
        {
            Interlocked.Or(ref _status, VirtioStatus.NeedsReset);
            bits |= ConfigInterrupt; // 2.1.2
        }

        return bits != 0 && Interlocked.Or(ref _interruptStatus, bits) == 0;
    }

    /// <summary>Tells the interrupt controller. The caller holds no lock.</summary>
    /// <param name="self">Index of the VCpu on whose behalf the caller runs, or -1.</param>
    public void UpdateLine(int self) => _line.Update(self, ref _interruptStatus);

    /// <summary>
    /// A device has done what there was to do of its own accord, without an access of the guest. The caller holds no lock.
    /// </summary>
    /// <param name="queue">In which queue.</param>
    /// <param name="isDone">False where more is left: <see cref="Work"/> is to be called soon.</param>
    public void Settle(int queue, bool isDone)
    {
        if (!isDone)
        {
            Interlocked.Or(ref _pending, 1u << queue);
        }

        _runner.Settled(this, isDone);
    }

    /// <summary>Whether <see cref="Work"/> has something to do.</summary>
    public bool HasWork => Volatile.Read(ref _pending) != 0 && IsLive;

    /// <summary>Tells the driver that the device has changed its configuration. The caller holds no lock.</summary>
    /// <param name="self">Index of the VCpu on whose behalf the caller runs, or -1.</param>
    public void ConfigChanged(int self)
    {
        _lock.Enter();
        _generation++;
        bool raised = IsLive && Interlocked.Or(ref _interruptStatus, ConfigInterrupt) == 0;
        _lock.Exit();
        if (raised)
        {
            _line.Update(self, ref _interruptStatus);
        }
    }

    /// <summary>Puts everything into the state it has when the machine is switched on.</summary>
    /// <param name="self">Index of the VCpu on whose behalf the caller runs, or -1.</param>
    public void Reset(int self)
    {
        _lock.Enter();
        ResetHeld();
        _deviceFeaturesSelect = 0;
        _driverFeaturesSelect = 0;
        _queueSelect = 0;
        _lock.Exit();
        _line.Update(self, ref _interruptStatus);
    }
}

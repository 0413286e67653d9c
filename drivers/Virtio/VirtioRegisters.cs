namespace SharpVisor.Drivers;

/// <summary>The registers of a virtio device as its driver reaches them, whatever bus it is on (virtio 1.2, 3.1 and 4).</summary>
public abstract class VirtioRegisters
{
    private const ulong VersionOne = 1ul << 32;
    private const int ResetPatience = 1_000_000;

    /// <summary>Bits of <see cref="Status"/> (2.1).</summary>
    protected const uint Acknowledge = 1;

    /// <inheritdoc cref="Acknowledge"/>
    protected const uint Driver = 2;

    /// <inheritdoc cref="Acknowledge"/>
    protected const uint DriverOk = 4;

    /// <inheritdoc cref="Acknowledge"/>
    protected const uint FeaturesOk = 8;

    /// <inheritdoc cref="Acknowledge"/>
    protected const uint NeedsReset = 64;

    /// <inheritdoc cref="Acknowledge"/>
    protected const uint Failed = 128;

    /// <summary>What kind of device it is (5): 1 network, 2 block, 3 console, 4 entropy.</summary>
    public abstract uint DeviceId { get; }

    /// <summary>INTID of its interrupt.</summary>
    public abstract uint Interrupt { get; }

    /// <summary>Whether it is a device from before virtio 1.0.</summary>
    public abstract bool IsLegacy { get; }

    /// <summary>Device status; writing 0 resets the device.</summary>
    protected abstract uint Status { get; set; }

    /// <summary>Resets the device and agrees with it on features.</summary>
    /// <param name="wanted">Feature bits that the driver can make use of; the version is seen to here.</param>
    /// <param name="agreed">Those of them that the device has.</param>
    /// <returns>False where the device does not come out of its reset or takes no such set.</returns>
    public bool TryBegin(ulong wanted, out ulong agreed)
    {
        agreed = 0;
        Status = 0;
        for (int i = 0; Status != 0; i++)
        {
            if (i == ResetPatience)
            {
                return false;
            }
        }

        Status = Acknowledge;
        Status = Acknowledge | Driver;
        agreed = ReadFeatures() & (wanted | (IsLegacy ? 0 : VersionOne));
        if (!IsLegacy && (agreed & VersionOne) == 0)
        {
            return false;
        }

        WriteFeatures(agreed);
        if (!IsLegacy)
        {
            Status = Acknowledge | Driver | FeaturesOk;
            return (Status & FeaturesOk) != 0;
        }

        return true;
    }

    /// <summary>The queues are set: the device may begin.</summary>
    public void Start() => Status = Acknowledge | Driver | DriverOk | (IsLegacy ? 0 : FeaturesOk);

    /// <summary>Gives the device up.</summary>
    public void GiveUp() => Status = Failed;

    /// <summary>Whether the device has lost itself and wants to be reset (2.1.2).</summary>
    public bool WantsReset => (Status & NeedsReset) != 0;

    /// <summary>Most descriptors of a queue; 0 where there is no such queue.</summary>
    public abstract int LargestQueue(int queue);

    /// <summary>Gives the device a queue, before <see cref="Start"/>.</summary>
    public abstract void SetQueue(int index, SplitQueue queue);

    /// <summary>Tells the device to look at a queue.</summary>
    public abstract void Notify(int queue);

    /// <summary>Why it interrupts, and ends that: bit 0 a queue, bit 1 its configuration. Whatever comes later interrupts again.</summary>
    public abstract uint TakeInterrupt();

    /// <summary>8 bits of its configuration.</summary>
    public abstract byte ReadConfiguration8(int offset);

    /// <summary>32 bits of its configuration, at a multiple of 4.</summary>
    public abstract uint ReadConfiguration32(int offset);

    /// <summary>64 bits of its configuration, which change together.</summary>
    public abstract ulong ReadConfiguration64(int offset);

    /// <summary>Features that the device has.</summary>
    protected abstract ulong ReadFeatures();

    /// <summary>Features that are to be used.</summary>
    protected abstract void WriteFeatures(ulong features);
}

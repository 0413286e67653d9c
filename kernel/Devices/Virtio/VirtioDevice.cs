using System;

namespace SharpVisor.Devices.Virtio;

/// <summary>A type of virtio device: what its queues and its configuration mean. The transport does the rest.</summary>
/// <remarks>
/// The transport calls everything that concerns one queue with that queue's lock held, everything else with its own,
/// which is taken first. A device with state beside its queues guards that by a lock of its own, taken last.
/// <see cref="ReadConfig"/> runs on the hot path, and is declared first; all else runs behind the gate. The build's check of
/// hot paths knows a virtual method by its place alone: so <see cref="Work"/> is last, where no hot one of other classes is.
/// </remarks>
public abstract class VirtioDevice
{
    private readonly Virtqueue[] _queues;

    /// <summary>Makes a device.</summary>
    /// <param name="id">Device ID (virtio 1.2, 5).</param>
    /// <param name="features">Feature bits that it offers, those of <see cref="VirtioFeatures.Transport"/> among them.</param>
    /// <param name="queues">At most 32.</param>
    protected VirtioDevice(uint id, ulong features, Virtqueue[] queues)
    {
        Id = id;
        OfferedFeatures = features;
        _queues = queues;
    }

    /// <summary>Device ID.</summary>
    public uint Id { get; }

    /// <summary>Feature bits that it offers.</summary>
    public ulong OfferedFeatures { get; }

    /// <summary>Feature bits that the driver has accepted; 0 before it has.</summary>
    public ulong Features { get; internal set; }

    /// <summary>Its queues, by their numbers.</summary>
    public ReadOnlySpan<Virtqueue> Queues => _queues;

    /// <summary>Instead of a queue's number: see <see cref="Work"/>.</summary>
    public const int AfterAll = -1;

    /// <summary>Whether <see cref="Work"/> has done something to others, of which they are to be told.</summary>
    protected internal bool HasNews { get; protected set; }

    /// <summary>The transport that it is connected to.</summary>
    public VirtioTransport Transport { get; internal set; } = null!;

    /// <summary>A word of the configuration; 0 behind its end.</summary>
    /// <param name="index">Byte offset / 4.</param>
    public abstract uint ReadConfig(uint index);

    /// <summary>Whether a choice of offered features makes sense to the device.</summary>
    public virtual bool Accepts(ulong features) => true;

    /// <summary>The driver is ready: the queues that it uses are set up.</summary>
    public virtual void Start()
    {
    }

    /// <summary>Puts back what it has taken of a queue and not given back: <see cref="Work"/> will take it anew.</summary>
    public abstract void SuspendQueue(int queue);

    /// <summary>Forgets what it keeps for a queue, which is about to be reset.</summary>
    public abstract void ResetQueue(int queue);

    /// <summary>Forgets everything of the driver, after <see cref="ResetQueue"/> of each queue.</summary>
    public abstract void Reset();

    /// <summary>A write to the configuration.</summary>
    /// <param name="offset">Byte offset, a multiple of the size.</param>
    /// <param name="size">1, 2 or 4 bytes.</param>
    /// <param name="value">Zero above the size.</param>
    public virtual void WriteConfig(uint offset, int size, uint value)
    {
    }

    /// <summary>Writes what it keeps beside the queues. No VCpu runs, and every queue is suspended.</summary>
    public abstract void Save(ref StateWriter state);

    /// <summary>
    /// Takes over what <see cref="Save"/> wrote, as hostile as anything else. Features and queues have been restored.
    /// </summary>
    /// <returns>False where it is nothing that <see cref="Save"/> writes.</returns>
    public abstract bool TryRestore(ref StateReader state);

    /// <summary>Does a bounded part of what there is to do in a queue, which is ready and not broken.</summary>
    /// <param name="queue">
    /// Its number; or <see cref="AfterAll"/>, with no lock held, where <see cref="HasNews"/> was set: tells others of what was done.
    /// </param>
    /// <returns>False where there is more: it is to be called again soon.</returns>
    public abstract bool Work(int queue);
}

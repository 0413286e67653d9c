using System;
using SharpVisor.Network;

namespace SharpVisor.Devices.Virtio;

/// <summary>A capture that is going on, on all switches that were given it.</summary>
public sealed class NetworkCapture
{
    private const int ChunkSize = 256;
    private const ulong NanosecondsInSecond = 1_000_000_000;

    private readonly CaptureRing _ring;
    private readonly int _snap;
    private readonly ulong _frequency;
    private Arch.SpinLock _lock;

    /// <summary>Begins one.</summary>
    /// <param name="ring">Where it is kept.</param>
    /// <param name="snap">Most bytes of a frame, at most <see cref="CaptureRing.LongestSnap"/>.</param>
    /// <param name="frequency">Ticks of the clock in a second.</param>
    public NetworkCapture(CaptureRing ring, int snap, ulong frequency)
    {
        _ring = ring;
        _snap = snap;
        _frequency = frequency;
    }

    /// <summary>Position behind the newest record.</summary>
    public ulong End => _ring.End;

    /// <summary>Copies records, as <see cref="CaptureRing.Read"/> does.</summary>
    public int Read(ref ulong position, Span<byte> destination)
    {
        _lock.Enter();
        int length = _ring.Read(ref position, destination);
        _lock.Exit();
        return length;
    }

    /// <summary>Records a frame, which begins to be read. False where its sender does not have its memory.</summary>
    internal bool TryRecord(byte network, int port, NetworkFrame frame, DropReason reason, ulong now)
    {
        Span<byte> chunk = stackalloc byte[ChunkSize];
        int kept = (int)Math.Min((uint)_snap, frame.Length);
        ulong time = (now / _frequency * NanosecondsInSecond) + (now % _frequency * NanosecondsInSecond / _frequency);
        bool isRead = true;
        _lock.Enter();
        ulong at = _ring.Begin(time, network, (ushort)port, reason, frame.Length, kept);
        for (int left = kept; left > 0 && isRead; left -= ChunkSize)
        {
            Span<byte> some = chunk.Slice(0, Math.Min(left, ChunkSize));
            isRead = frame.TryRead(some);
            _ring.Fill(at, some);
            at += (ulong)some.Length;
        }

        _lock.Exit();
        return isRead;
    }
}

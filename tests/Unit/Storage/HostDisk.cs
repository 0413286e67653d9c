using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using SharpVisor.Storage;

namespace SharpVisor.Tests.Unit.Storage;

/// <summary>A disk on the host whose requests end when the test wants it, in any order, and as it wants.</summary>
internal sealed unsafe class HostDisk : Disk
{
    private readonly List<DiskRequest> _waiting = [];

    internal HostDisk(int sectors, bool isReadOnly = false)
    {
        Bytes = new byte[sectors * SectorSize];
        IsReadOnly = isReadOnly;
    }

    internal byte[] Bytes { get; }

    /// <summary>Whether every request ends in <see cref="Submit"/>.</summary>
    internal bool IsPrompt { get; set; }

    /// <summary>How the next requests end.</summary>
    internal DiskStatus Outcome { get; set; }

    /// <summary>Most sectors that a request may name.</summary>
    internal uint LongestRun { get; set; } = uint.MaxValue;

    /// <summary>Requests that have not ended.</summary>
    internal int Waiting => _waiting.Count;

    /// <summary>Requests that came.</summary>
    internal long Submitted { get; private set; }

    /// <summary>Flushes that have ended well.</summary>
    internal int Flushes { get; private set; }

    public override ulong Sectors => (ulong)(Bytes.Length / SectorSize);

    public override bool IsReadOnly { get; }

    public override bool CanDiscard => true;

    public override bool CanWriteZeroes => true;

    public override uint LongestErase => 64;

    public override ReadOnlySpan<byte> Serial => "host-disk"u8;

    public override DiskPlace Locate(ulong sector, uint sectors, bool isWrite, out ulong address, out uint run)
    {
        DiskPlace place = base.Locate(sector, sectors, isWrite, out address, out run);
        run = Math.Min(run, LongestRun);
        return place;
    }

    public override bool Submit(DiskRequest request)
    {
        if (request.Operation != DiskOperation.Flush && (!Contains(request.Sector, request.Sectors) || request.Sectors > LongestRun + 64ul))
        {
            throw new InvalidOperationException("a request outside the disk");
        }

        Submitted++;
        if (IsPrompt)
        {
            request.Status = Do(request);
            return true;
        }

        _waiting.Add(request);
        return false;
    }

    /// <summary>Ends some requests, in an order that the number says.</summary>
    internal void End(int most, ulong order)
    {
        DiskCompletion completion = default;
        for (int i = 0; i < most && _waiting.Count > 0; i++)
        {
            int at = (int)(order % (ulong)_waiting.Count);
            DiskRequest request = _waiting[at];
            _waiting.RemoveAt(at);
            completion.Add(request, Do(request));
            order = (order * 6364136223846793005) + 1442695040888963407;
            order ^= order >> 33;
        }

        completion.End();
    }

    internal void EndAll()
    {
        while (Waiting > 0)
        {
            End(int.MaxValue, 0);
        }
    }

    private DiskStatus Do(DiskRequest request)
    {
        if (Outcome != DiskStatus.Ok)
        {
            return Outcome;
        }

        if (IsReadOnly && request.IsChange)
        {
            return DiskStatus.Error;
        }

        int at = (int)request.Sector * SectorSize;
        int length = (int)request.Length;
        switch (request.Operation)
        {
            case DiskOperation.Read:
                Bytes.AsSpan(at, length).CopyTo(new Span<byte>((void*)request.Address, length));
                break;
            case DiskOperation.Write:
                new Span<byte>((void*)request.Address, length).CopyTo(Bytes.AsSpan(at));
                break;
            case DiskOperation.Flush:
                Flushes++;
                break;
            default:
                Bytes.AsSpan(at, length).Clear();
                break;
        }

        return DiskStatus.Ok;
    }
}

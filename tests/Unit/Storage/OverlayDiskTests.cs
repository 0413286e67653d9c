using System;
using System.Collections.Generic;
using System.Linq;
using CsCheck;
using System.Runtime.InteropServices;
using SharpVisor.Storage;
using Xunit;

namespace SharpVisor.Tests.Unit.Storage;

/// <summary>An overlay against a plain array of bytes.</summary>
public sealed unsafe class OverlayDiskTests
{
    private const int Sectors = 512;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void It_reads_as_what_was_written_last_and_the_disk_below_never_changes(bool isMemoryBelow) =>
        Gen.Select(Gen.Int[0, 5], Gen.Int[0, Sectors - 1], Gen.Int[1, 40], Gen.Byte).Array[1, 120]
            .Sample(steps => Check(steps, isMemoryBelow, pages: 64), iter: 150, threads: 1);

    [Fact]
    public void Where_it_is_full_writes_fail_and_what_was_written_before_stays() =>
        Gen.Select(Gen.Int[0, 5], Gen.Int[0, Sectors - 1], Gen.Int[1, 40], Gen.Byte).Array[20, 120]
            .Sample(steps => Check(steps, isMemoryBelow: false, pages: 5), iter: 150, threads: 1);

    [Fact]
    public void A_discarded_page_is_used_again()
    {
        using Overlay overlay = new(new HostDisk(Sectors), pages: 2);
        for (int i = 0; i < 10; i++)
        {
            Assert.True(overlay.TryWrite((ulong)i * 8, Enumerable.Repeat((byte)i, 4096).ToArray()));
            Assert.Equal(DiskStatus.Ok, overlay.Erase(DiskOperation.Discard, (ulong)i * 8, 8));
        }

        Assert.Equal(1, overlay.Memory.Outstanding);
        overlay.Disk.Drop();
        Assert.Equal(0, overlay.Memory.Outstanding);
        Assert.Equal(0ul, overlay.Disk.Used);
    }

    [Fact]
    public void A_large_disk_has_a_small_table()
    {
        Assert.InRange(OverlayDisk.TableSize(1 << 20), 1u, 20_000u);
        Assert.Equal(0ul, OverlayDisk.TableSize(123 << 12) % 4096);
    }

    [Fact]
    public void Nothing_beyond_the_end_is_reached()
    {
        using Overlay overlay = new(new HostDisk(Sectors), pages: 4);
        Assert.Equal(DiskPlace.NoRoom, overlay.Disk.Locate(Sectors - 1, 2, isWrite: true, out _, out _));
        Assert.Equal(DiskPlace.NoRoom, overlay.Disk.Locate(ulong.MaxValue, 1, isWrite: false, out _, out _));
        Assert.Equal(DiskStatus.Error, overlay.Erase(DiskOperation.WriteZeroes, Sectors - 1, 2));
        Assert.Equal(DiskStatus.Error, overlay.Erase(DiskOperation.Discard, ulong.MaxValue, 1));
    }

    private static void Check((int Kind, int Sector, int Count, byte Fill)[] steps, bool isMemoryBelow, int pages)
    {
        byte[] below = new byte[Sectors * 512];
        new Random(1).NextBytes(below);
        byte[] model = [.. below];
        byte[] pinned = GC.AllocateArray<byte>(below.Length, pinned: true);
        below.CopyTo(pinned, 0);
        HostDisk host = new(Sectors) { IsPrompt = true };
        below.CopyTo(host.Bytes, 0);
        Disk under = isMemoryBelow ? new SharpVisor.Storage.MemoryDisk((ulong)Marshal.UnsafeAddrOfPinnedArrayElement(pinned, 0), Sectors, isReadOnly: true) : host;
        using Overlay overlay = new(under, pages);
        bool mayBeFull = pages < 64;
        foreach ((int kind, int sector, int wanted, byte fill) in steps)
        {
            int count = Math.Min(wanted, Sectors - sector);
            Span<byte> part = model.AsSpan(sector * 512, count * 512);
            switch (kind)
            {
                case 0 or 1:
                    byte[] data = Enumerable.Range(0, part.Length).Select(i => (byte)(i + fill)).ToArray();
                    if (overlay.TryWrite((ulong)sector, data))
                    {
                        data.CopyTo(part);
                    }
                    else
                    {
                        Assert.True(mayBeFull);
                        overlay.Read((ulong)sector, part.Length).CopyTo(part); // a part of it may have been written
                    }

                    break;
                case 2:
                    if (overlay.Erase(DiskOperation.WriteZeroes, (ulong)sector, (uint)count) == DiskStatus.Ok)
                    {
                        part.Clear();
                    }
                    else
                    {
                        Assert.True(mayBeFull);
                        overlay.Read((ulong)sector, part.Length).CopyTo(part);
                    }

                    break;
                case 3:
                    byte[] before = part.ToArray();
                    Assert.Equal(DiskStatus.Ok, overlay.Erase(DiskOperation.Discard, (ulong)sector, (uint)count));
                    byte[] after = overlay.Read((ulong)sector, part.Length);
                    for (int i = 0; i < after.Length; i++)
                    {
                        Assert.True(after[i] == 0 || after[i] == before[i]);
                    }

                    after.CopyTo(part);
                    break;
                default:
                    Assert.Equal(part.ToArray(), overlay.Read((ulong)sector, part.Length));
                    break;
            }
        }

        Assert.Equal(model, overlay.Read(0, model.Length));
        Assert.Equal(below, host.Bytes);
        Assert.Equal(below, pinned);
        Assert.InRange(overlay.Memory.Outstanding, 0, pages);
        overlay.Disk.Drop();
        Assert.Equal(below, overlay.Read(0, model.Length));
        Assert.Equal(0, overlay.Memory.Outstanding);
    }

    /// <summary>An overlay with what it stands in.</summary>
    private sealed class Overlay : IDisposable
    {
        private readonly void* _table;
        private readonly byte[] _buffer = GC.AllocateArray<byte>(Sectors * 512, pinned: true);
        private readonly DiskRequest _request = new(null!, 0);

        internal Overlay(Disk under, int pages)
        {
            ulong size = (ulong)pages * 4096;
            ulong table = OverlayDisk.TableSize(size);
            _table = NativeMemory.AlignedAlloc((nuint)table + 4096, 4096);
            NativeMemory.Clear(_table, (nuint)table + 4096);
            Memory = new HostOverlayMemory(pages);
            Disk = new OverlayDisk(under, Memory, size, (ulong)_table, (ulong)_table + table);
        }

        internal OverlayDisk Disk { get; }

        internal HostOverlayMemory Memory { get; }

        internal bool TryWrite(ulong sector, byte[] data)
        {
            for (int done = 0; done < data.Length;)
            {
                if (Disk.Locate(sector + (ulong)(done / 512), (uint)((data.Length - done) / 512), isWrite: true, out ulong address, out uint run) != DiskPlace.Memory)
                {
                    return false;
                }

                data.AsSpan(done, (int)run * 512).CopyTo(new Span<byte>((void*)address, (int)run * 512));
                done += (int)run * 512;
            }

            return true;
        }

        internal byte[] Read(ulong sector, int length)
        {
            byte[] data = new byte[length];
            for (int done = 0; done < length;)
            {
                DiskPlace place = Disk.Locate(sector + (ulong)(done / 512), (uint)((length - done) / 512), isWrite: false, out ulong address, out uint run);
                Assert.NotEqual(DiskPlace.NoRoom, place);
                Assert.InRange(run, 1u, (uint)((length - done) / 512));
                if (place == DiskPlace.Elsewhere)
                {
                    address = (ulong)Marshal.UnsafeAddrOfPinnedArrayElement(_buffer, 0);
                    _request.Operation = DiskOperation.Read;
                    _request.Sector = sector + (ulong)(done / 512);
                    _request.Sectors = run;
                    _request.Address = address;
                    Assert.True(Disk.Submit(_request));
                    Assert.Equal(DiskStatus.Ok, _request.Status);
                }

                new Span<byte>((void*)address, (int)run * 512).CopyTo(data.AsSpan(done));
                done += (int)run * 512;
            }

            return data;
        }

        internal DiskStatus Erase(DiskOperation operation, ulong sector, uint count)
        {
            _request.Operation = operation;
            _request.Sector = sector;
            _request.Sectors = count;
            Assert.True(Disk.Submit(_request));
            return _request.Status;
        }

        public void Dispose()
        {
            Memory.Dispose();
            NativeMemory.AlignedFree(_table);
        }
    }
}

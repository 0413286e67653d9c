using System;
using System.Collections.Generic;
using System.Linq;
using SharpVisor.Drivers;
using SharpVisor.Storage;
using Xunit;

namespace SharpVisor.Tests.Unit.Drivers;

public sealed unsafe class VirtioBlockTests : IDisposable
{
    private const int RequestSize = 8192;
    private const int Requests = 40;

    private readonly DeviceMemory _memory = new(VirtioBlock.MemorySize);
    private readonly DeviceMemory _data = new(RequestSize * Requests);
    private readonly Client _client = new();

    public void Dispose()
    {
        _memory.Dispose();
        _data.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1 << 28)]
    [InlineData(1 << 29)]
    [InlineData((1 << 28) | (1 << 29))]
    [InlineData((1 << 13) | (1 << 14) | (1 << 6) | (1 << 10))]
    [InlineData(1 << 9)]
    public void What_is_written_is_read_whatever_is_left_out_and_whatever_the_order(int without)
    {
        foreach (int seed in Enumerable.Range(0, 20))
        {
            Random random = new(seed);
            ModelDisk device = new();
            device.Features &= ~(ulong)without;
            random.NextBytes(device.Contents);
            byte[] expected = (byte[])device.Contents.Clone();
            VirtioBlock disk = Start(device);
            Assert.Equal("model", System.Text.Encoding.ASCII.GetString(disk.Serial));
            device.IsSilent = true;
            DiskRequest[] requests = Make();
            Dictionary<int, (ulong Sector, uint Sectors)> busy = [];
            byte[][] reads = new byte[Requests][];
            for (int step = 0; step < 600; step++)
            {
                int tag = random.Next(Requests);
                if (random.Next(3) != 0 && !busy.ContainsKey(tag))
                {
                    uint sectors = (uint)random.Next(1, 17);
                    ulong sector = (ulong)random.Next(0, 1024 - 16);
                    if (busy.Values.Any(other => sector < other.Sector + other.Sectors && other.Sector < sector + sectors))
                    {
                        continue;
                    }

                    DiskRequest request = requests[tag];
                    request.Operation = (DiskOperation)random.Next(5);
                    request.Sector = sector;
                    request.Sectors = sectors;
                    bool isKnown = request.Operation switch
                    {
                        DiskOperation.Discard => disk.CanDiscard,
                        DiskOperation.WriteZeroes => disk.CanWriteZeroes,
                        _ => true,
                    };
                    var memory = new Span<byte>((void*)request.Address, (int)request.Length);
                    random.NextBytes(memory);
                    Span<byte> place = expected.AsSpan((int)sector * 512, memory.Length);
                    if (request.Operation == DiskOperation.Write)
                    {
                        memory.CopyTo(place);
                    }
                    else if (isKnown && request.Operation is DiskOperation.Discard or DiskOperation.WriteZeroes)
                    {
                        place.Clear();
                    }

                    reads[tag] = place.ToArray();
                    bool isOver = disk.Submit(request);
                    Assert.Equal(!isKnown || (request.Operation == DiskOperation.Flush && (without & (1 << 9)) != 0), isOver);
                    if (!isOver)
                    {
                        busy.Add(tag, request.Operation == DiskOperation.Flush ? (0, 0) : (sector, sectors));
                    }
                    else
                    {
                        Assert.Equal(isKnown ? DiskStatus.Ok : DiskStatus.Unsupported, request.Status);
                    }
                }
                else
                {
                    device.Collect();
                    ushort since = device.Queue.Used;
                    for (int i = random.Next(4); i > 0 && device.Held != 0; i--)
                    {
                        device.Do(random.Next(device.Held));
                    }

                    bool isAny = device.Queue.Used != since;
                    bool isWanted = (without & (1 << 29)) != 0 ? device.Queue.WantsInterrupt : device.Queue.WantsInterruptByIndex(since);
                    if (isAny)
                    {
                        Assert.True(isWanted, "an interrupt would be missed");
                        disk.Handler.HandleInterrupt();
                    }

                    Settle(requests, busy, reads);
                }
            }

            for (int i = 0; i < 100 && busy.Count != 0; i++)
            {
                device.Collect();
                device.DoAll();
                disk.Handler.HandleInterrupt();
                Settle(requests, busy, reads);
            }

            Assert.Empty(busy);
            Assert.Equal(expected, device.Contents);
            Assert.Equal(0, disk.InFlight);
        }
    }

    [Fact]
    public void A_flush_ends_when_the_device_has_flushed_and_not_before()
    {
        ModelDisk device = new();
        VirtioBlock disk = Start(device);
        device.IsSilent = true;
        DiskRequest[] requests = Make();
        requests[0].Operation = DiskOperation.Flush;
        requests[0].Sectors = 0;
        Assert.False(disk.Submit(requests[0]));
        disk.Handler.HandleInterrupt();
        Assert.Empty(_client.Ended);
        device.Collect();
        Assert.Equal(0, device.Flushes);
        device.Do(0);
        Assert.Equal(1, device.Flushes);
        disk.Handler.HandleInterrupt();
        Assert.Equal(requests[0], Assert.Single(_client.Ended));
        Assert.Equal(DiskStatus.Ok, requests[0].Status);
    }

    [Fact]
    public void What_the_device_fails_at_fails_and_what_makes_no_sense_never_gets_there()
    {
        ModelDisk device = new() { BlockSize = 4096 };
        VirtioBlock disk = Start(device);
        DiskRequest[] requests = Make();
        device.Answer = type => type == 0 ? (byte)1 : (byte)2;
        foreach ((DiskOperation operation, DiskStatus status) in new[] { (DiskOperation.Read, DiskStatus.Error), (DiskOperation.Write, DiskStatus.Unsupported) })
        {
            (requests[0].Operation, requests[0].Sector, requests[0].Sectors) = (operation, 8, 8);
            Assert.False(disk.Submit(requests[0]));
            disk.Handler.HandleInterrupt();
            Assert.Equal(status, requests[0].Status);
        }

        foreach ((ulong sector, uint sectors) in new[] { (1024ul, 8u), (1016ul, 16u), (ulong.MaxValue - 7, 8u), (0ul, 0u), (4ul, 8u), (0ul, 4u), (0ul, uint.MaxValue - 7) })
        {
            (requests[0].Operation, requests[0].Sector, requests[0].Sectors) = (DiskOperation.Read, sector, sectors);
            Assert.True(disk.Submit(requests[0]));
            Assert.Equal(DiskStatus.Error, requests[0].Status);
        }

        (requests[0].Operation, requests[0].Sector, requests[0].Sectors) = (DiskOperation.Discard, 0, 128);
        Assert.True(disk.Submit(requests[0])); // longer than the device takes
        Assert.Equal(DiskStatus.Error, requests[0].Status);
    }

    [Fact]
    public void A_read_only_device_is_not_written_to()
    {
        ModelDisk device = new();
        device.Features |= 1 << 5;
        VirtioBlock disk = Start(device);
        Assert.True(disk.IsReadOnly);
        DiskRequest request = Make()[0];
        (request.Operation, request.Sector, request.Sectors) = (DiskOperation.Write, 0, 8);
        Assert.True(disk.Submit(request));
        Assert.Equal(DiskStatus.Error, request.Status);
    }

    [Fact]
    public void Whatever_a_device_does_every_request_ends_once()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            Random random = new(seed);
            ModelDisk device = new() { QueueSize = 8, IsSilent = false };
            device.Features ^= random.Next(2) == 0 ? 1ul << 28 : 0;
            VirtioBlock disk = Start(device);
            device.IsSilent = true;
            device.Answer = _ => (byte)random.Next(5);
            DiskRequest[] requests = Make();
            _client.Ended.Clear();
            int submitted = 0;
            for (int i = 0; i < Requests; i++)
            {
                DiskRequest request = requests[i];
                (request.Operation, request.Sector, request.Sectors) = ((DiskOperation)random.Next(3), (ulong)random.Next(100), 1);
                submitted += disk.Submit(request) ? 0 : 1;
                if (random.Next(3) == 0)
                {
                    device.Collect();
                    if (random.Next(4) == 0)
                    {
                        device.Queue.Push((uint)random.Next(12), (uint)random.Next());
                    }
                    else if (device.Held != 0)
                    {
                        device.Do(random.Next(device.Held));
                    }

                    disk.Handler.HandleInterrupt();
                    if (disk.HasFailed)
                    {
                        device.IsSilent = true;
                        break;
                    }
                }
            }

            disk.Check(isLate: true);
            Assert.True(device.HasFailed);
            Assert.Equal(submitted, _client.Ended.Count);
            Assert.Equal(submitted, _client.Ended.Distinct().Count());
            Assert.True(disk.Submit(requests[0]));
            Assert.Equal(DiskStatus.Error, requests[0].Status);
            disk.Handler.HandleInterrupt();
            Assert.Equal(submitted, _client.Ended.Count);
        }
    }

    [Fact]
    public void A_device_that_asks_for_a_reset_gets_it_and_one_that_does_not_answer_is_not_used()
    {
        ModelDisk device = new();
        VirtioBlock disk = Start(device);
        device.IsSilent = true;
        DiskRequest request = Make()[0];
        (request.Operation, request.Sector, request.Sectors) = (DiskOperation.Read, 0, 1);
        Assert.False(disk.Submit(request));
        disk.Check(isLate: false);
        Assert.Empty(_client.Ended);
        device.AsksForReset = true;
        disk.Check(isLate: false);
        Assert.Equal(DiskStatus.Error, Assert.Single(_client.Ended).Status);

        new Span<byte>((void*)_memory.Address, (int)VirtioBlock.MemorySize).Clear();
        Assert.False(VirtioBlock.TryStart(new ModelDisk { IsSilent = true }, _memory.Address, out _));
        Assert.False(VirtioBlock.TryStart(new ModelDisk { QueueSize = 2 }, _memory.Address, out _));
    }

    private VirtioBlock Start(ModelDisk device)
    {
        new Span<byte>((void*)_memory.Address, (int)VirtioBlock.MemorySize).Clear();
        Assert.True(VirtioBlock.TryStart(device, _memory.Address, out VirtioBlock? disk));
        return disk!;
    }

    private DiskRequest[] Make() =>
        [.. Enumerable.Range(0, Requests).Select(i => new DiskRequest(_client, i) { Address = _data.Address + (ulong)(i * RequestSize) })];

    private void Settle(DiskRequest[] requests, Dictionary<int, (ulong Sector, uint Sectors)> busy, byte[][] reads)
    {
        foreach (DiskRequest request in _client.Ended)
        {
            Assert.True(busy.Remove(request.Tag), "ended twice");
            Assert.Equal(DiskStatus.Ok, request.Status);
            if (request.Operation == DiskOperation.Read)
            {
                Assert.Equal(reads[request.Tag], new ReadOnlySpan<byte>((void*)requests[request.Tag].Address, reads[request.Tag].Length).ToArray());
            }
        }

        _client.Ended.Clear();
    }

    private sealed class Client : DiskClient
    {
        public List<DiskRequest> Ended { get; } = [];

        public override void Completed(DiskRequest request) => Ended.Add(request);

        public override void Settle()
        {
        }
    }
}

using System;
using System.Collections.Generic;
using SharpVisor.Machine.Ram;
using SharpVisor.Memory;
using Xunit;

namespace SharpVisor.Tests.Unit.Machine;

/// <summary>
/// What several guests should find in their memory, whatever is done to it: two numbers a page, at its start and its end.
/// Guests access it as hardware does: through the tables, with what is permitted there.
/// </summary>
internal sealed unsafe class MemoryModel(MemoryMachine machine) : IDisposable
{
    private const ulong Page = 0x1000;
    private const ulong LastNumber = Page - 8;
    private const ulong Writable = 1ul << 7;
    private const int Guests = 4;

    // Pages that are used lie in two blocks, so that some are split and others not.
    private const int Pages = 64;
    private const ulong Maximum = 3ul << 20;

    private readonly GuestMemory?[] _guests = new GuestMemory?[Guests];
    private readonly (ulong First, ulong Last)[][] _pages = new (ulong, ulong)[Guests][];

    internal void Do(int kind, int which, int place, ulong value, int count)
    {
        if (_guests[which] == null)
        {
            machine.Share = value != 3;
            machine.TryMake(Maximum, (ulong)count * Page, out _guests[which]);
            _pages[which] = new (ulong, ulong)[Pages];
            return;
        }

        GuestMemory memory = _guests[which]!;
        switch (kind)
        {
            case 0 or 1:
                GuestWrites(which, place, value, value);
                break;
            case 2:
                GuestReads(which, place);
                break;
            case 3:
                for (int i = place; i < Math.Min(place + count, Pages); i++)
                {
                    GuestWrites(which, i, value, (ulong)i % 3);
                }

                break;
            case 4:
                Note(which, memory.TryWriteUInt64(AddressOf(place), value), () => _pages[which][place].First = value);
                break;
            case 5:
                byte[] page = new byte[Page];
                BitConverter.TryWriteBytes(page, value);
                BitConverter.TryWriteBytes(page.AsSpan((int)LastNumber), value);
                Note(which, memory.TryLoad(AddressOf(place), page), () => _pages[which][place] = (value, value));
                break;
            case 6:
                if (memory.TryRelease(AddressOf(place), 0x1000))
                {
                    _pages[which][place] = default;
                }

                break;
            case 7 when value == 0:
                memory.Clear();
                _pages[which] = new (ulong, ulong)[Pages];
                break;
            case 8 when value == 0:
                machine.Release(memory);
                _guests[which] = null;
                break;
            case 9 when value < 2:
                memory.MayBorrow = value == 0;
                break;
            default:
                machine.Sharing.Step(count * 20);
                break;
        }

        Check(which, place);
    }

    internal void Finish()
    {
        machine.Sharing.Step(4000);
        for (int guest = 0; guest < Guests; guest++)
        {
            for (int place = 0; _guests[guest] != null && place < Pages; place++)
            {
                Check(guest, place);
            }
        }
    }

    public void Dispose()
    {
        foreach (GuestMemory? memory in _guests)
        {
            if (memory != null)
            {
                machine.Release(memory);
            }
        }

        Assert.Equal((0ul, 0ul), (machine.Sharing.SharedBytes, machine.Sharing.TableBytes));
    }

    private static ulong AddressOf(int place) => MemoryMachine.Start + ((ulong)place * Page * 11);

    private void GuestWrites(int guest, int place, ulong first, ulong last)
    {
        if (TryAccess(guest, AddressOf(place), isWrite: true, out ulong host))
        {
            *(ulong*)host = first;
            *(ulong*)(host + LastNumber) = last;
            _pages[guest][place] = (first, last);
        }
    }

    private void GuestReads(int guest, int place)
    {
        if (TryAccess(guest, AddressOf(place), isWrite: false, out ulong host))
        {
            Assert.Equal(_pages[guest][place], (*(ulong*)host, *(ulong*)(host + LastNumber)));
        }
    }

    private bool TryAccess(int guest, ulong address, bool isWrite, out ulong host)
    {
        GuestMemory memory = _guests[guest]!;
        PageTable table = machine.TableOf(memory);
        for (int i = 0; i < 2; i++)
        {
            if (table.TryTranslate(address, out host, out ulong attributes) && (!isWrite || (attributes & Writable) != 0))
            {
                return true;
            }

            MemoryOutcome outcome = memory.Provide(address, isWrite);
            Assert.NotEqual(MemoryOutcome.NotRam, outcome);
            if (outcome == MemoryOutcome.NoMemory)
            {
                Note(guest, false, () => { });
                return false;
            }
        }

        Assert.Fail("what was provided is not there");
        host = 0;
        return false;
    }

    /// <summary>Nobody goes without who has less than his guarantee.</summary>
    private void Note(int guest, bool isDone, Action done)
    {
        if (isDone)
        {
            done();
            return;
        }

        GuestMemory memory = _guests[guest]!;
        Assert.True(memory.Present - memory.Shared >= memory.Guarantee, "less than guaranteed, and refused");
    }

    private void Check(int guest, int place)
    {
        Assert.True(machine.Pages.FreeBytes >= machine.Pages.PromisedBytes);
        GuestMemory? memory = _guests[guest];
        if (memory == null)
        {
            return;
        }

        Assert.True(memory.Present >= memory.Shared && memory.Present <= memory.Maximum);
        if (memory.TryReadUInt64(AddressOf(place), out ulong first) && memory.TryReadUInt64(AddressOf(place) + LastNumber, out ulong last))
        {
            Assert.Equal(_pages[guest][place], (first, last));
        }
    }
}

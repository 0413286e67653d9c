using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using SharpVisor.Machine.Ram;
using Xunit;

namespace SharpVisor.Tests.Unit.Machine;

/// <summary>
/// Several threads fill, read, write and give back pages of guests that share while another one makes equal pages one:
/// each finds what it wrote, and at the end every page is accounted for.
/// </summary>
public sealed class GuestMemoryStressTests
{
    private const int Guests = 3;
    private const int Threads = 3;
    private const int Places = 48;
    private const ulong Page = 0x1000;
    private const ulong Maximum = 3ul << 20;

    private static readonly TimeSpan s_length = TimeSpan.FromSeconds(1.5);

    [Theory]
    [InlineData(1, 8)]
    [InlineData(2, 2)] // memory is short: some are refused
    public void Pages_that_are_made_one_while_others_fault_and_write_keep_their_contents(int seed, int megabytes)
    {
        using var machine = new MemoryMachine((ulong)megabytes << 20) { Share = true };
        GuestMemory[] guests = [.. Enumerable.Range(0, Guests).Select(_ => machine.Make(Maximum, 0))];
        Stopwatch watch = Stopwatch.StartNew();
        var problems = new List<string>();
        var threads = new List<Thread> { new(() => Guard(Merge)) };
        int writes = 0;
        for (int i = 0; i < Threads; i++)
        {
            int index = i;
            threads.Add(new Thread(() => Guard(() => Touch(index))));
        }

        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        Assert.Empty(problems);
        Assert.InRange(writes, 100, int.MaxValue);
        Assert.InRange(machine.Sharing.Found, 10ul, ulong.MaxValue);

        void Guard(Action work)
        {
            try
            {
                work();
            }
            catch (Exception exception)
            {
                lock (problems)
                {
                    problems.Add($"seed {seed}: {exception}");
                }
            }
        }

        void Merge()
        {
            while (watch.Elapsed < s_length)
            {
                machine.Sharing.Step(50);
            }
        }

        // Every thread has places of its own, in all guests: it knows what is there.
        void Touch(int index)
        {
            var random = new Random((seed * Threads) + index);
            var contents = new (ulong First, ulong Last)[Guests, Places];
            while (watch.Elapsed < s_length)
            {
                int which = random.Next(Guests);
                int place = random.Next(Places);
                ulong address = AddressOf(index, place);
                GuestMemory memory = guests[which];
                ulong value = (ulong)random.Next(3);
                switch (random.Next(8))
                {
                    case 0 when memory.TryRelease(address, Page):
                        contents[which, place] = default;
                        break;
                    case 1:
                        memory.Provide(address, isWrite: random.Next(2) == 0);
                        break;
                    case 2 or 3 or 4 when memory.TryWriteUInt64(address, value):
                        contents[which, place].First = value;
                        Interlocked.Increment(ref writes);
                        break;
                    case 5 when memory.TryWriteUInt64(address + Page - 8, value):
                        contents[which, place].Last = value;
                        Interlocked.Increment(ref writes);
                        break;
                }

                if (memory.TryReadUInt64(address, out ulong first))
                {
                    Assert.Equal(contents[which, place].First, first);
                }

                if (memory.TryReadUInt64(address + Page - 8, out ulong last))
                {
                    Assert.Equal(contents[which, place].Last, last);
                }
            }
        }
    }

    private static ulong AddressOf(int thread, int place) => MemoryMachine.Start + ((ulong)((place * Threads) + thread) * Page * 5);
}

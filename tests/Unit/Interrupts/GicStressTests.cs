using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using SharpVisor.Interrupts;
using Xunit;

namespace SharpVisor.Tests.Unit.Interrupts;

/// <summary>VCpus as threads of their own, with devices beside them: no interrupt is lost or doubled, and nobody waits for ever.</summary>
public class GicStressTests
{
    [Theory]
    [InlineData(2, 1)]
    [InlineData(2, 4)]
    [InlineData(3, 1)]
    [InlineData(3, 4)]
    public void VCpus_that_run_at_the_same_time_lose_no_interrupt(int version, int listRegisters)
    {
        var machine = new StressMachine(version, 3, listRegisters);
        Assert.Equal("", machine.Run(TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(60)));
        Assert.True(machine.Delivered > StressMachine.Enough, $"only {machine.Delivered} interrupts were delivered");
    }

    private sealed class StressMachine : GicEnvironment
    {
        // However slowly the threads come to run on a machine with much else to do.
        internal const int Enough = 100;

        private const int FirstLevel = 32;
        private const int FirstEdge = 36;
        private const int EndOfShared = 40;

        private readonly VirtualGic _gic;
        private readonly GicDistributor _distributor;
        private readonly StressInterface[] _interfaces;
        private readonly int[] _kicks;
        private readonly int[] _levels = new int[EndOfShared];
        private readonly int[] _raised = new int[EndOfShared];
        private readonly int[] _handled = new int[EndOfShared];
        private readonly int[] _sent;
        private readonly int[] _received;
        private readonly int _count;
        private volatile bool _ending;
        private volatile bool _over;
        private volatile string? _problem;

        internal StressMachine(int version, int count, int listRegisters)
        {
            _count = count;
            _kicks = new int[count];
            _sent = new int[count * count];
            _received = new int[count * count];
            _interfaces = Enumerable.Range(0, count).Select(_ => new StressInterface(listRegisters)).ToArray();
            _gic = new VirtualGic(version, _interfaces.ToArray<VirtualCpuInterface>(), this);
            _distributor = new GicDistributor(_gic);
            var redistributor = new GicRedistributor(_gic);
            for (int i = 0; i < count; i++)
            {
                On(i);
                if (version == 3)
                {
                    redistributor.Write(i, (uint)(i << 17) + 0x1_0080, 4, 0xffff);
                    redistributor.Write(i, (uint)(i << 17) + 0x1_0100, 4, 0xffff);
                }

                Off(i);
            }

            On(0);
            for (uint i = FirstLevel; i < EndOfShared; i++)
            {
                Route(0, i, (int)i % count);
                _distributor.Write(0, 0x400 + i, 1, (i * 24) & 0xf8);
            }

            _distributor.Write(0, 0xc08, 4, 0xaa00);
            _distributor.Write(0, 0x104, 4, 0xff);
            _distributor.Write(0, 0, 4, 3);
            Off(0);
        }

        internal int Delivered => _handled.Sum() + _received.Sum();

        public override void Kick(int vcpu) => Volatile.Write(ref _kicks[vcpu], 1);

        public override bool IsHardwareAsserted(uint interrupt) => false;

        public override void WhileWaiting() => Thread.Yield();

        /// <summary>Returns what went wrong, or nothing.</summary>
        internal string Run(TimeSpan busy, TimeSpan limit)
        {
            var threads = new List<Thread> { new(() => Guard(Device)) };
            for (int i = 0; i < _count; i++)
            {
                int vcpu = i;
                threads.Add(new Thread(() => Guard(() => RunVCpu(vcpu))));
            }

            foreach (Thread thread in threads)
            {
                thread.IsBackground = true;
                thread.Start();
            }

            var watch = Stopwatch.StartNew();
            while ((watch.Elapsed < busy || (Delivered <= Enough && watch.Elapsed < limit)) && _problem == null)
            {
                Thread.Sleep(10);
            }

            _ending = true;
            while (watch.Elapsed < limit && _problem == null && !IsQuiet())
            {
                Thread.Sleep(10);
            }

            bool quiet = IsQuiet();
            _over = true;
            foreach (Thread thread in threads)
            {
                if (!thread.Join(TimeSpan.FromSeconds(10)))
                {
                    return (_problem ?? "") + " a thread waits for ever";
                }
            }

            return _problem ?? (quiet ? "" : $"lost: raised {string.Join(" ", _raised)}, handled {string.Join(" ", _handled)}, sent {string.Join(" ", _sent)}, received {string.Join(" ", _received)}");
        }

        private bool IsQuiet() => _raised.AsSpan().SequenceEqual(_handled) && _sent.AsSpan().SequenceEqual(_received);

        private void Guard(Action action)
        {
            try
            {
                action();
            }
            catch (Exception e)
            {
                _problem = e.ToString();
            }
        }

        private void Device()
        {
            var random = new Random(99);
            while (!_over)
            {
                int interrupt = random.Next(FirstLevel, EndOfShared);
                if (!_ending && Volatile.Read(ref _handled[interrupt]) == _raised[interrupt])
                {
                    Interlocked.Increment(ref _raised[interrupt]);
                    SetLine(VirtualGic.Nobody, interrupt, 1);
                    if (interrupt >= FirstEdge)
                    {
                        SetLine(VirtualGic.Nobody, interrupt, 0);
                    }
                }

                Thread.Yield();
            }
        }

        private void RunVCpu(int vcpu)
        {
            var random = new Random(vcpu);
            On(vcpu);
            while (!_over)
            {
                if (!_ending && random.Next(400) == 0)
                {
                    Off(vcpu);
                    Thread.Yield();
                    On(vcpu);
                }

                Attend(vcpu);
                uint value = _interfaces[vcpu].Acknowledge(group1Only: false);
                if ((value & 0x3ff) < 1020)
                {
                    Handle(vcpu, (int)value & 0x3ff);
                    Attend(vcpu);
                    _interfaces[vcpu].End(value);
                }
                else if (!_ending)
                {
                    Act(vcpu, random);
                }
                else
                {
                    Thread.Yield();
                }
            }

            Off(vcpu);
        }

        /// <summary>What interrupts a guest at any moment.</summary>
        private void Attend(int vcpu)
        {
            if (Interlocked.Exchange(ref _kicks[vcpu], 0) != 0)
            {
                _gic.ServiceRequests(vcpu);
            }

            if (_interfaces[vcpu].NeedsMaintenance)
            {
                _gic.HandleMaintenance(vcpu);
            }
        }

        private void Handle(int vcpu, int interrupt)
        {
            if (interrupt < 16)
            {
                int sender = interrupt / _count;
                int sent = Volatile.Read(ref _sent[interrupt]); // the next is sent once this one counts as received
                if (interrupt % _count != vcpu || Interlocked.Increment(ref _received[interrupt]) != sent)
                {
                    _problem = $"SGI {interrupt} from {sender} came to {vcpu} without having been sent";
                }

                return;
            }

            if (interrupt < FirstEdge)
            {
                SetLine(vcpu, interrupt, 0);
            }

            int raised = Volatile.Read(ref _raised[interrupt]);
            if (Interlocked.Increment(ref _handled[interrupt]) != raised)
            {
                _problem = $"interrupt {interrupt} came without having been raised";
            }
        }

        private void Act(int vcpu, Random random)
        {
            uint shared = (uint)random.Next(FirstLevel, EndOfShared);
            switch (random.Next(12))
            {
                case 0:
                    DisableAWhile(vcpu, (int)shared);
                    break;
                case 1:
                    Route(vcpu, shared, random.Next(_count));
                    break;
                case 2:
                    _distributor.Write(vcpu, 0x400 + shared, 1, (ulong)random.Next(31) * 8);
                    break;
                case 3:
                    _distributor.Read(vcpu, random.Next(2) == 0 ? 0x204u : 0x304u, 4);
                    break;
                case 4 when random.Next(20) == 0:
                    _distributor.Write(vcpu, 0, 4, 0);
                    _distributor.Write(vcpu, 0, 4, 3);
                    break;
                default:
                    Send(vcpu, random.Next(_count));
                    break;
            }
        }

        /// <summary>An interrupt that is disabled, and not active by then, reaches nobody until it is enabled again.</summary>
        private void DisableAWhile(int vcpu, int interrupt)
        {
            if (interrupt % _count != vcpu)
            {
                return; // somebody else's to enable
            }

            uint bit = 1u << (interrupt - 32);
            _distributor.Write(vcpu, 0x184, 4, bit);
            if ((_distributor.Read(vcpu, 0x304, 4) & bit) == 0)
            {
                int before = Volatile.Read(ref _handled[interrupt]);
                for (int i = 0; i < 5; i++)
                {
                    Attend(vcpu);
                    Thread.Yield();
                }

                if (Volatile.Read(ref _handled[interrupt]) != before)
                {
                    _problem = $"interrupt {interrupt} came although disabled";
                }
            }

            _distributor.Write(vcpu, 0x104, 4, bit);
        }

        private void Send(int vcpu, int target)
        {
            int sgi = (vcpu * _count) + target;
            if (Volatile.Read(ref _received[sgi]) != _sent[sgi])
            {
                Thread.Yield();
                return;
            }

            Interlocked.Increment(ref _sent[sgi]);
            if (_gic.Version == 3)
            {
                _gic.SendSgi(vcpu, ((ulong)(uint)sgi << 24) | (1ul << target));
            }
            else
            {
                _distributor.Write(vcpu, 0xf00, 4, (1ul << (16 + target)) | (uint)sgi);
            }
        }

        private void SetLine(int self, int interrupt, int level)
        {
            Volatile.Write(ref _levels[interrupt], level);
            _gic.SetLine(self, 0, (uint)interrupt, ref _levels[interrupt]);
        }

        private void Route(int vcpu, uint interrupt, int target)
        {
            if (_gic.Version == 3)
            {
                _distributor.Write(vcpu, 0x6000 + (8 * interrupt), 8, (ulong)target);
            }
            else
            {
                _distributor.Write(vcpu, 0x800 + interrupt, 1, 1ul << target);
            }
        }

        private void On(int vcpu)
        {
            _gic.RestoreContext(vcpu);
            _interfaces[vcpu].PriorityMask = 0xf8;
            _interfaces[vcpu].Control = 7;
        }

        private void Off(int vcpu) => _gic.SaveContext(vcpu);
    }

    private sealed class StressInterface(int listRegisters) : SoftwareCpuInterface(listRegisters)
    {
        public override void DeactivatePhysical(uint interrupt)
        {
        }

        protected override void SignalChanged()
        {
        }
    }
}

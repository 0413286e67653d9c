using System;
using System.Threading;
using SharpVisor.Interrupts;
using Xunit;

namespace SharpVisor.Tests.Unit.Interrupts;

/// <summary>A VCpu whose work is given up inside the GIC, because of a bug, leaves the lock to others.</summary>
public class GicGiveUpTests
{
    [Fact]
    public void A_holder_that_gives_up_leaves_the_lock_to_others()
    {
        var environment = new FailingEnvironment();
        VirtualGic gic = Make(environment);
        environment.KickFails = true;
        Assert.Throws<InvalidOperationException>(() => new GicDistributor(gic).Write(0, 0x184, 4, 1));
        gic.GiveUp(0);
        environment.KickFails = false;
        gic.SaveContext(1);
        gic.SaveContext(0);
        Assert.False(gic.HasPendingFor(0));
    }

    [Fact]
    public void A_VCpu_that_gives_up_while_it_waits_leaves_its_place_in_line()
    {
        var environment = new FailingEnvironment();
        VirtualGic gic = Make(environment);
        int line = 1;
        environment.WhileKicking = () =>
        {
            // VCpu 0 holds the lock and recalls VCpu 1, which another CPU's work waits behind.
            var waiter = new Thread(() =>
            {
                environment.WaitFails = true;
                try
                {
                    gic.SetLine(1, 0, 33, ref line);
                }
                catch (InvalidOperationException)
                {
                    environment.WaitFails = false;
                    gic.GiveUp(1);
                }
            });
            waiter.Start();
            environment.Waiter = waiter;
        };
        new GicDistributor(gic).Write(0, 0x184, 4, 1);
        Assert.True(environment.Waiter!.Join(TimeSpan.FromSeconds(10)));
        gic.SetLine(0, 0, 33, ref line);
        Assert.Equal(2ul, new GicDistributor(gic).Read(0, 0x204, 4) & 2);
    }

    /// <summary>Two VCpus that run, with interrupt 32 in a list register of the second.</summary>
    private static VirtualGic Make(FailingEnvironment environment)
    {
        var gic = new VirtualGic(2, [new PlainInterface(), new PlainInterface()], environment);
        gic.RestoreContext(0);
        gic.RestoreContext(1);
        var distributor = new GicDistributor(gic);
        distributor.Write(1, 0, 4, 1);
        distributor.Write(1, 0x820, 1, 2);
        distributor.Write(1, 0x104, 4, 1);
        distributor.Write(1, 0x204, 4, 1);
        return gic;
    }

    private sealed class FailingEnvironment : GicEnvironment
    {
        internal volatile bool KickFails;
        internal volatile bool WaitFails;
        internal Action? WhileKicking;
        internal Thread? Waiter;

        public override void Kick(int vcpu)
        {
            if (KickFails)
            {
                throw new InvalidOperationException();
            }

            WhileKicking?.Invoke();
            WhileKicking = null;
        }

        public override bool IsHardwareAsserted(uint interrupt) => false;

        public override void WhileWaiting()
        {
            if (WaitFails && Thread.CurrentThread == Waiter)
            {
                throw new InvalidOperationException();
            }

            Thread.Yield();
        }
    }

    private sealed class PlainInterface() : SoftwareCpuInterface(4)
    {
        public override void DeactivatePhysical(uint interrupt)
        {
        }

        protected override void SignalChanged()
        {
        }
    }
}

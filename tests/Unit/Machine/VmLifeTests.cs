using System;
using System.Linq;
using CsCheck;
using SharpVisor.Formats;
using SharpVisor.Machine.Life;
using Xunit;

namespace SharpVisor.Tests.Unit.Machine;

public class VmLifeTests
{
    private const ulong Second = ScriptedLife.Second;

    [Fact]
    public void A_life_goes_from_definition_to_definition()
    {
        ScriptedLife life = new();
        Assert.Equal(LifeState.Defined, life.State);
        Ask(life, LifeRequest.Create, LifeState.Created);
        Ask(life, LifeRequest.Start, LifeState.Running);
        Ask(life, LifeRequest.Pause, LifeState.Paused);
        Ask(life, LifeRequest.Resume, LifeState.Running);
        Ask(life, LifeRequest.Reset, LifeState.Running);
        Ask(life, LifeRequest.Stop, LifeState.Stopped);
        Ask(life, LifeRequest.Start, LifeState.Running);
        Ask(life, LifeRequest.Destroy, LifeState.Defined);
        Assert.False(life.Exists);
        Assert.Equal(3, life.PowerOns);
        Assert.Equal([LifeEvent.Paused, LifeEvent.Reset, LifeEvent.Stopped, LifeEvent.Destroyed], life.Events);
    }

    [Theory]
    [InlineData(LifeState.Defined, "Create Start")]
    [InlineData(LifeState.Created, "Start Destroy")]
    [InlineData(LifeState.Running, "Pause Reset Stop Destroy")]
    [InlineData(LifeState.Paused, "Resume Reset Stop Destroy")]
    [InlineData(LifeState.Stopped, "Start Destroy")]
    [InlineData(LifeState.Crashed, "Start Destroy")]
    public void What_does_not_fit_the_state_is_refused_and_changes_nothing(LifeState state, string fitting)
    {
        foreach (LifeRequest request in Enum.GetValues<LifeRequest>())
        {
            ScriptedLife life = In(state);
            bool fits = fitting.Split(' ').Contains(request.ToString());
            Assert.Equal(fits ? LifeOutcome.Done : LifeOutcome.WrongState, life.Request(request));
            Assert.True(fits || life.State == state);
        }
    }

    [Fact]
    public void Requests_follow_each_other_at_once_while_CPUs_take_their_time()
    {
        ScriptedLife life = new() { IsSlow = true };
        Ask(life, LifeRequest.Start, LifeState.Running);
        Ask(life, LifeRequest.Pause, LifeState.Paused);
        Ask(life, LifeRequest.Resume, LifeState.Running);
        Ask(life, LifeRequest.Destroy, LifeState.Defined);
        Ask(life, LifeRequest.Create, LifeState.Created);
        Ask(life, LifeRequest.Start, LifeState.Running);
        Ask(life, LifeRequest.Stop, LifeState.Created); // of the new one, which has not started
        Ask(life, LifeRequest.Start, LifeState.Running);
        Ask(life, LifeRequest.Pause, LifeState.Paused);
        Assert.Equal(1, life.PowerOns);
        life.Drain();
        life.Drain();
        Assert.Equal(LifeState.Paused, life.State);
        Assert.True(life.Exists && !life.Runs);
        Assert.Equal(2, life.PowerOns);
    }

    [Fact]
    public void A_guest_ends_by_itself_only_where_nobody_asked_it_to()
    {
        ScriptedLife life = In(LifeState.Running);
        life.GuestStops(VmStop.PowerOff);
        life.Review();
        Assert.Equal(LifeState.Stopped, life.State);
        Assert.True(life.TakeEndedByItself());
        Assert.False(life.TakeEndedByItself());

        Ask(life, LifeRequest.Start, LifeState.Running);
        life.NoteAskedToEnd();
        life.GuestStops(VmStop.PowerOff);
        life.Review();
        Assert.False(life.TakeEndedByItself());

        Ask(life, LifeRequest.Start, LifeState.Running);
        Ask(life, LifeRequest.Stop, LifeState.Stopped);
        Assert.False(life.TakeEndedByItself());
    }

    [Fact]
    public void A_stop_that_meets_the_guests_own_reset_counts()
    {
        ScriptedLife life = In(LifeState.Running);
        life.IsSlow = true;
        life.GuestStops(VmStop.Reset);
        Ask(life, LifeRequest.Stop, LifeState.Stopped);
        life.Drain();
        Assert.Equal(LifeState.Stopped, life.State);
        Assert.Equal(1, life.PowerOns);
    }

    [Fact]
    public void A_reset_that_meets_the_guests_own_end_counts()
    {
        ScriptedLife life = In(LifeState.Running);
        life.IsSlow = true;
        life.GuestStops(VmStop.PowerOff);
        Ask(life, LifeRequest.Reset, LifeState.Running);
        life.Drain();
        Assert.True(life.Runs);
        Assert.False(life.TakeEndedByItself());
    }

    [Fact]
    public void What_cannot_be_made_stays_defined()
    {
        ScriptedLife life = new() { MakeOutcome = LifeOutcome.NoMemory };
        Assert.Equal(LifeOutcome.NoMemory, life.Request(LifeRequest.Start));
        Assert.Equal(LifeState.Defined, life.State);
        life.MakeOutcome = LifeOutcome.Done;
        Ask(life, LifeRequest.Start, LifeState.Running);
    }

    [Fact]
    public void What_finds_no_CPU_is_what_it_was()
    {
        ScriptedLife life = In(LifeState.Created);
        life.PowerOnOutcome = LifeOutcome.NoCpu;
        Assert.Equal(LifeOutcome.NoCpu, life.Request(LifeRequest.Start));
        Assert.Equal(LifeState.Created, life.State);

        life = In(LifeState.Paused);
        life.GoOnOutcome = LifeOutcome.NoCpu;
        Assert.Equal(LifeOutcome.NoCpu, life.Request(LifeRequest.Resume));
        Assert.Equal(LifeState.Paused, life.State);
        Assert.False(life.TakeEndedByItself());
    }

    [Fact]
    public void A_reset_that_cannot_load_the_guest_is_a_crash()
    {
        ScriptedLife life = In(LifeState.Running);
        life.IsSlow = true;
        life.PowerOnOutcome = LifeOutcome.BadImage;
        Ask(life, LifeRequest.Reset, LifeState.Running);
        life.Drain();
        Assert.Equal(LifeState.Crashed, life.State);
        Assert.True(life.TakeEndedByItself());
        Assert.False(life.IsAlive);
    }

    [Fact]
    public void A_restart_waits_twice_as_long_each_time_up_to_64_seconds_and_is_forgiven_after_a_good_run()
    {
        ScriptedLife life = In(LifeState.Running, BundleCrashPolicy.Restart);
        foreach (ulong wait in new ulong[] { 1, 2, 4, 8, 16, 32, 64, 64, 64 })
        {
            Crash(life, wait);
            Assert.Equal(LifeState.Crashed, life.State);
            Assert.True(life.IsAlive);
            Assert.Equal(life.Time + (wait * Second), life.RestartAt);
            life.Time += (wait * Second) - 1;
            life.Review();
            Assert.Equal(LifeState.Crashed, life.State);
            life.Time++;
            life.Review();
            Assert.Equal(LifeState.Running, life.State);
            Assert.Equal(VmLife.Never, life.RestartAt);
            life.Time += (64 * Second) - 1;
        }

        life.Time++;
        Crash(life, 1);
    }

    [Theory]
    [InlineData(LifeRequest.Stop, LifeState.Crashed)]
    [InlineData(LifeRequest.Start, LifeState.Running)]
    [InlineData(LifeRequest.Destroy, LifeState.Defined)]
    public void A_person_does_not_wait_for_a_restart(LifeRequest request, LifeState after)
    {
        ScriptedLife life = In(LifeState.Running, BundleCrashPolicy.Restart);
        Crash(life, 1);
        Ask(life, request, after);
        Assert.Equal(VmLife.Never, life.RestartAt);
        int powerOns = life.PowerOns;
        life.Time += 100 * Second;
        life.Review();
        Assert.Equal(after, life.State);
        Assert.Equal(powerOns, life.PowerOns);
        Assert.False(life.TakeEndedByItself());
    }

    [Fact]
    public void A_start_by_a_person_forgives_all_crashes()
    {
        ScriptedLife life = In(LifeState.Running, BundleCrashPolicy.Restart);
        Crash(life, 1);
        Ask(life, LifeRequest.Start, LifeState.Running);
        Crash(life, 1);
    }

    [Fact]
    public void What_is_kept_counts_as_alive_until_a_person_takes_it()
    {
        ScriptedLife life = In(LifeState.Running, BundleCrashPolicy.Keep);
        life.GuestStops(VmStop.Crash);
        life.Review();
        Assert.Equal(LifeState.Crashed, life.State);
        Assert.True(life.IsAlive);
        Assert.False(life.TakeEndedByItself());
        Assert.Equal([LifeEvent.Crashed, LifeEvent.Kept], life.Events);
        Ask(life, LifeRequest.Destroy, LifeState.Defined);
        Assert.False(life.IsAlive);
    }

    [Fact]
    public void A_guest_that_resets_itself_all_the_time_is_slowed_down()
    {
        ScriptedLife life = In(LifeState.Running);
        int resets = 0;
        for (int i = 0; i < 60_000; i++)
        {
            resets += life.GuestStops(VmStop.Reset) ? 1 : 0;
            life.Review();
            life.Time++;
        }

        Assert.InRange(resets, 8, 25);
        Assert.Equal(LifeState.Running, life.State);
        Ask(life, LifeRequest.Stop, LifeState.Stopped);
        Assert.Equal(LifeEvent.Stopped, life.Events[^1]);
    }

    [Fact]
    public void A_definition_that_came_alone_goes_with_its_machine()
    {
        ScriptedLife life = new(goesWithVm: true) { IsSlow = true };
        Ask(life, LifeRequest.Start, LifeState.Running);
        Assert.Equal(LifeOutcome.Done, life.Request(LifeRequest.Destroy));
        Assert.True(life.IsLeavingForGood);
        foreach (LifeRequest request in Enum.GetValues<LifeRequest>())
        {
            Assert.Equal(LifeOutcome.WrongState, life.Request(request));
        }

        life.Drain();
        Assert.True(life.HasVanished);

        life = new(goesWithVm: true);
        Assert.Equal(LifeOutcome.Done, life.Request(LifeRequest.Destroy));
        Assert.True(life.HasVanished);
    }

    [Fact]
    public void Random_requests_guests_and_slow_CPUs_end_where_a_machine_without_delay_ends() =>
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 15].Array[1, 60]).Sample((policy, steps) =>
        {
            ScriptedLife life = new((BundleCrashPolicy)policy) { IsSlow = true };
            LifeModel model = new((BundleCrashPolicy)policy);
            int endedRun = 0; // a person has ended it, though its guest may still run
            foreach (int step in steps)
            {
                switch (step)
                {
                    case < 7:
                        int run = life.PowerOns;
                        bool isDone = life.Request((LifeRequest)step) == LifeOutcome.Done;
                        Assert.Equal(model.Request((LifeRequest)step), isDone);
                        endedRun = isDone && (LifeRequest)step is LifeRequest.Reset or LifeRequest.Stop or LifeRequest.Destroy ? run : endedRun;
                        break;
                    case < 10:
                        VmStop reason = step == 7 ? VmStop.PowerOff : step == 8 ? VmStop.Reset : VmStop.Crash;
                        if (life.GuestStops(reason) && life.PowerOns != endedRun)
                        {
                            model.GuestStops(reason);
                        }

                        break;
                    case < 13:
                        life.Drain();
                        life.Drain();
                        model.Settle();
                        Assert.Equal(model.State, life.State);
                        Assert.Equal(model.State == LifeState.Running, life.Runs);
                        Assert.Equal(model.State != LifeState.Defined, life.Exists);
                        break;
                    case 13:
                        life.Review();
                        break;
                    default:
                        life.Drain();
                        life.Drain();
                        model.Settle();
                        life.Time += 65 * Second;
                        life.Drain();
                        life.Drain();
                        model.Wait();
                        Assert.Equal(model.State, life.State);
                        break;
                }
            }
        });

    private static void Ask(ScriptedLife life, LifeRequest request, LifeState after)
    {
        Assert.Equal(LifeOutcome.Done, life.Request(request));
        Assert.Equal(after, life.State);
    }

    private static void Crash(ScriptedLife life, ulong wait)
    {
        Assert.True(life.GuestStops(VmStop.Crash));
        life.Review();
        Assert.Equal(wait, life.LastWait);
    }

    private static ScriptedLife In(LifeState state, BundleCrashPolicy policy = BundleCrashPolicy.Stop)
    {
        ScriptedLife life = new(policy);
        if (state != LifeState.Defined)
        {
            Ask(life, LifeRequest.Create, LifeState.Created);
        }

        if (state is not (LifeState.Defined or LifeState.Created))
        {
            Ask(life, LifeRequest.Start, LifeState.Running);
        }

        switch (state)
        {
            case LifeState.Paused:
                Ask(life, LifeRequest.Pause, LifeState.Paused);
                break;
            case LifeState.Stopped:
                Ask(life, LifeRequest.Stop, LifeState.Stopped);
                break;
            case LifeState.Crashed:
                life.GuestStops(VmStop.Crash);
                life.Review();
                break;
        }

        Assert.Equal(state, life.State);
        return life;
    }
}

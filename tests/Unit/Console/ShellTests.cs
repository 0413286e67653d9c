using System;
using System.Linq;
using System.Text;
using CsCheck;
using SharpVisor.Console;
using Xunit;

namespace SharpVisor.Tests.Unit.Console;

public sealed class ShellTests
{
    private readonly ConsoleUnderTest _console = new("linux", "debian-2");

    [Theory]
    [InlineData("hel", "help ")]
    [InlineData("m", "me")] // rings or lists: mem, merged
    [InlineData("vm sta", "vm start ")]
    [InlineData("vm start l", "vm start linux ")]
    [InlineData("attach d", "attach debian-2 ")]
    [InlineData("help sc", "help scroll ")]
    [InlineData("merged of", "merged off ")]
    [InlineData("log d", "log debug ")]
    [InlineData("vm list l", "vm list l")]
    [InlineData("nonsense l", "nonsense l")]
    [InlineData("  vm   in", "  vm   info ")]
    public void Tab_completes_as_far_as_it_is_clear(string typed, string completed)
    {
        _console.Type(typed + "\t|");
        Assert.Equal(("hv> " + completed + "|"), _console.Line.Current);
    }

    [Fact]
    public void Tab_lists_what_can_follow_where_several_words_can()
    {
        _console.Type("vm s\t");
        Assert.Equal("start  shutdown  stop\nhv> vm s", string.Join('\n', _console.Line.Rows.TakeLast(2)));
        _console.Type("\x15\t");
        Assert.Contains("help  vm  attach", _console.Line.Screen, StringComparison.Ordinal);
    }

    [Fact]
    public void Tab_rings_where_nothing_fits()
    {
        _console.Type("vm start x\t");
        Assert.Equal(1, _console.Line.Bells);
    }

    [Theory]
    [InlineData("atach linux", "no command 'atach': did you mean 'attach'?")]
    [InlineData("stop", "no command 'stop': did you mean 'vm stop'?")]
    [InlineData("frobnicate", "no command 'frobnicate'; help lists them")]
    [InlineData("vm strat linux", "vm cannot 'strat': did you mean 'vm start'?")]
    [InlineData("vm fly linux", "vm cannot 'fly'; help vm lists what it can")]
    [InlineData("vm stop", "a name is missing; usage: vm stop NAME")]
    [InlineData("vm stop linxu", "no virtual machine 'linxu': did you mean 'linux'?")]
    [InlineData("vm stop nobody", "no virtual machine 'nobody'; vm list shows them")]
    [InlineData("vm stop linux debian-2", "too many words; usage: vm stop NAME")]
    [InlineData("vm memory linux 1 2", "too many words; usage: vm [list] | ACTION NAME [SIZE]")]
    [InlineData("vm memory linux", "how much memory? As in: vm memory NAME 96M; K, M and G are powers of 1024")]
    [InlineData("vm memory linux many", "how much memory? As in: vm memory NAME 96M; K, M and G are powers of 1024")]
    [InlineData("vm memory linux 513M", "linux has at most 512 MiB")]
    [InlineData("vm start linux", "cannot start linux: it is running; vm reset starts it anew")]
    [InlineData("vm resume linux", "cannot resume linux: it is running")]
    [InlineData("scroll", "a name is missing; usage: scroll NAME")]
    [InlineData("cpu 1", "too many words; usage: cpu ")]
    [InlineData("log loud", "no level 'loud'; there are error, warning, info and debug")]
    [InlineData("log wraning", "no level 'wraning': did you mean 'warning'?")]
    [InlineData("merged maybe", "'maybe' is neither on nor off")]
    [InlineData("regs linux x", "'x' is no number of a VCpu: they count from 0")]
    [InlineData("regs linux 2", "linux has no VCpu 2: it has 2")]
    [InlineData("regs linux", "cannot read the registers of linux: it is running; vm pause first")]
    [InlineData("vm stop \"linux", "a quotation mark is not closed")]
    [InlineData("a b c d e f g h i", "too many words")]
    [InlineData("help hlep", "no command 'hlep': did you mean 'help'?")]
    [InlineData("poweroff", "poweroff: this version cannot do that yet")]
    public void Wrong_input_is_told_what_is_wrong_and_what_would_be_right(string typed, string answer) =>
        Assert.Equal(answer.TrimEnd(), _console.Run(typed));

    [Fact]
    public void Every_action_reaches_its_VM()
    {
        foreach (string action in new[] { "pause", "resume", "reset", "shutdown", "destroy", "create", "start", "stop" })
        {
            Assert.Equal("", _console.Run($"vm {action} 'debian-2'"));
        }

        Assert.Equal(["pause", "resume", "reset", "shutdown", "destroy", "create", "start", "stop"], _console.Machine.Requests.Select(r => r.Split(' ')[0]));
        Assert.All(_console.Machine.Requests, request => Assert.EndsWith(" debian-2", request));
    }

    [Fact]
    public void A_size_of_memory_reaches_its_VM()
    {
        Assert.Equal("", _console.Run("vm memory debian-2 96M"));
        Assert.Equal(["memory 100663296 debian-2"], _console.Machine.Requests);
    }

    [Theory]
    [InlineData("0", 0ul)]
    [InlineData("4096", 4096ul)]
    [InlineData("7k", 7ul << 10)]
    [InlineData("96M", 96ul << 20)]
    [InlineData("2G", 2ul << 30)]
    [InlineData("18446744073709551615", ulong.MaxValue)]
    [InlineData("17179869183G", 17179869183ul << 30)]
    public void Sizes_are_numbers_with_or_without_a_letter(string text, ulong bytes)
    {
        Assert.True(SizeText.TryParse(Encoding.ASCII.GetBytes(text), out ulong parsed));
        Assert.Equal(bytes, parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("M")]
    [InlineData("1T")]
    [InlineData("-1")]
    [InlineData("1 M")]
    [InlineData("0x10")]
    [InlineData("18446744073709551616")]
    [InlineData("17179869184G")]
    public void What_is_no_size_is_not_taken_for_one(string text) =>
        Assert.False(SizeText.TryParse(Encoding.ASCII.GetBytes(text), out _));

    [Fact]
    public void A_refusal_is_told_in_words()
    {
        foreach (ControlOutcome outcome in Enum.GetValues<ControlOutcome>())
        {
            if (outcome is not (ControlOutcome.Ok or ControlOutcome.WrongState))
            {
                _console.Machine.Refusal = outcome;
                Assert.Equal("cannot stop linux: " + Encoding.ASCII.GetString(ControlText.Describe(outcome)), _console.Run("vm stop linux"));
            }
        }
    }

    [Fact]
    public void The_list_of_VMs_is_a_table()
    {
        _console.Machine.Vms[1].State = VmState.Crashed;
        _console.Machine.Add("new", VmState.Defined);
        _console.Machine.Add("tough", VmState.Crashed).RestartIn = 2_500_000_000;
        Assert.Equal(
            """
            NAME                            STATE      VCPUS      MEMORY         UP RESTART
            linux                           running        2     256 MiB    0:03:12       1
            debian-2                        crashed        2     256 MiB          -       2
            new                             defined        2     512 MiB          -       3
            tough                           restarting     2     256 MiB          -       4
            """,
            _console.Run("vm"));
        Assert.StartsWith("tough is crashed, starts again in 3 s, restarted 4 times", _console.Run("vm info tough"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_info_of_a_VM_says_all()
    {
        ExitCounts exits = default;
        exits[ExitReason.Device] = 40;
        exits[ExitReason.Wait] = 2;
        _console.Machine.Vms[1].Exits = exits;
        _console.Machine.Vms[1].RunTime = 61_000_000_000;
        _console.Machine.Vms[1].Marks = 2;
        _console.Output(1, "not seen\n");
        Assert.Equal(
            """
            debian-2 is running, up 0:03:12, restarted 2 times
              memory   256 MiB of 512 MiB, 128 MiB guaranteed; hypervisor 1.1 MiB
              shared   8 KiB in pages of the same contents as others
              balloon  64 MiB of 96 MiB; its guest has 300 MiB of 448 MiB left
              share    weight 100, at most 25% of a CPU
              GIC      version 3
              console  9 B not seen; attach debian-2 shows it
              VCpu 0   running on CPU 0   ran 0:01:01     waited 0:00:00    42 exits
              VCpu 1   waiting on CPU 1   ran 0:01:01     waited 0:00:00    42 exits
              exits    hypercall 0  device 80  register 0
                       interrupt 0  wait 4  memory 0  other 0
              mark     41 by VCpu 1 at 2998500 us        value 0000000000000000
              mark     40 by VCpu 0 at 3000000 us        value 0000000000000abc
            """,
            _console.Run("vm info debian-2"));
    }

    [Fact]
    public void Cpus_memory_and_interrupts_are_tables()
    {
        _console.Machine.Idle = _console.Machine.Time / 4;
        Assert.Equal(
            """
            CPU   AFFINITY      STATE        BUSY    READY   RUNS
              0   0000000000    online      75.0%        0   linux VCpu 0
              1   0000000100    offline
            """,
            _console.Run("cpu"));
        Assert.Contains("free                                 300 MiB  (200 MiB in one piece)", _console.Run("mem"), StringComparison.Ordinal);
        Assert.Contains("  in pages of 4 KiB                    76800", _console.Run("mem"), StringComparison.Ordinal);
        Assert.Equal("interrupts are not counted", _console.Run("irq"));
        _console.Machine.InterruptList.Add(new InterruptStatus { Number = 27, Count = 123456, User = InterruptUser.VirtualTimer });
        _console.Machine.InterruptList.Add(new InterruptStatus { Number = 48, Count = 7, User = InterruptUser.Device, Vm = 1 });
        Assert.Equal(
            """
            INTID          COUNT   FOR
               27         123456   guests' timer
               48              7   device of linux
            """,
            _console.Run("irq"));
    }

    [Fact]
    public void Registers_of_a_paused_VM_are_shown()
    {
        _console.Run("vm pause linux");
        string shown = _console.Run("regs linux 1");
        Assert.Contains("X5 000000000000feed", shown, StringComparison.Ordinal);
        Assert.Contains("PC         ffff800012345678", shown, StringComparison.Ordinal);
    }

    [Fact]
    public void The_log_level_is_set_and_shown()
    {
        Assert.Equal("log is info", _console.Run("log"));
        Assert.Equal("", _console.Run("log debug"));
        Assert.Equal(LogLevel.Debug, _console.Machine.Level);
    }

    [Fact]
    public void Help_explains_every_command_within_80_columns()
    {
        string all = _console.Run("help");
        for (Command command = 0; command < Command.Count; command++)
        {
            string name = Encoding.ASCII.GetString(CommandText.Name(command));
            Assert.Contains("\n  " + name, "\n" + all, StringComparison.Ordinal);
            Assert.StartsWith(name, _console.Run("help " + name), StringComparison.Ordinal);
            Assert.InRange(CommandText.Summary(command).Length, 1, 45);
            for (int i = 0; !CommandText.Details(command, i).IsEmpty; i++)
            {
                Assert.InRange(CommandText.Details(command, i).Length, 1, 77);
            }
        }

        Assert.InRange(_console.Line.Widest, 60, 79);
    }

    [Fact]
    public void No_sequence_is_sent_to_a_terminal_that_has_sent_none()
    {
        foreach (string command in new[] { "help", "vm", "vm info linux", "cpu", "mem", "irq", "history", "vm fly x", "bench" })
        {
            _console.Run(command);
        }

        Assert.DoesNotContain("\x1b", _console.Line.Sent.ToString(), StringComparison.Ordinal);
        _console.Type("\x1b[A\x15");
        _console.Run("vm");
        Assert.Contains("\x1b[32mrunning\x1b[0m", _console.Line.Sent.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Top_shows_shares_and_rates_of_the_last_interval()
    {
        _console.Type("top\r");
        ExitCounts exits = default;
        exits[ExitReason.Wait] = 250;
        exits[ExitReason.Device] = 3_000_000;
        _console.Machine.Vms[0].Exits = exits;
        _console.Machine.Vms[0].RunTime = 1_500_000_000;
        _console.Machine.Time += 2_000_000_000;
        Assert.True(_console.Host.WantsTick);
        _console.Host.Tick(_console.Machine.Time);
        string screen = _console.Line.Screen;
        Assert.Contains("linux           running  150.0%      0 3000k     0     0   250     0    256 MiB", screen, StringComparison.Ordinal);
        Assert.Contains("  0 on CPU 0    running   75.0%      0 1500k     0     0   125     0", screen, StringComparison.Ordinal);
        _console.Type("q");
        Assert.False(_console.Host.WantsTick);
        Assert.Equal("hv>", _console.Line.Current);
    }

    [Fact]
    public void Top_paints_over_on_a_terminal_that_answers()
    {
        _console.Type("top\r");
        Assert.EndsWith("\x1b[c", _console.Line.Sent.ToString()[..(_console.Line.Sent.ToString().IndexOf("\x1b[c", StringComparison.Ordinal) + 3)], StringComparison.Ordinal);
        _console.Type("\x1b[?6c");
        Assert.Contains("\x1b[H\x1b[2J", _console.Line.Sent.ToString(), StringComparison.Ordinal);
        Assert.True(_console.Host.Terminal.KnowsSequences);
    }

    [Fact]
    public void Words_are_taken_apart_and_put_together_again() =>
        Gen.Char["ab '\"\\"].Array[1, 6].Array[0, CommandLine.MostWords].Sample(words =>
        {
            string line = string.Join(' ', words.Select(word => string.Concat(word.Select(c => "\\" + c))));
            CommandLine parsed = new();
            Assert.True(parsed.Parse(Encoding.ASCII.GetBytes(line)).IsEmpty);
            Assert.Equal(words.Length, parsed.Count);
            for (int i = 0; i < words.Length; i++)
            {
                Assert.Equal(new string(words[i]), Encoding.ASCII.GetString(parsed[i]));
            }
        });

    [Fact]
    public void The_distance_of_words_is_symmetric_and_zero_only_for_the_same() =>
        Gen.Select(Gen.Char["abc"].Array[0, 8], Gen.Char["abc"].Array[0, 8]).Sample((left, right) =>
        {
            byte[] a = Encoding.ASCII.GetBytes(left);
            byte[] b = Encoding.ASCII.GetBytes(right);
            int distance = Candidates.Distance(a, b);
            Assert.Equal(distance, Candidates.Distance(b, a));
            Assert.Equal(a.AsSpan().SequenceEqual(b), distance == 0);
            Assert.InRange(distance, Math.Abs(a.Length - b.Length), Math.Max(a.Length, b.Length));
        });

    [Theory]
    [InlineData(0ul, "0 B")]
    [InlineData(1023ul, "1023 B")]
    [InlineData(1536ul, "1.5 KiB")]
    [InlineData(256ul << 20, "256 MiB")]
    [InlineData((1ul << 30) + (1ul << 29), "1.5 GiB")]
    [InlineData(ulong.MaxValue, "16383 PiB")]
    public void Sizes_are_given_in_the_unit_that_fits(ulong size, string text)
    {
        ConsoleWriter writer = new(_console.Host.Terminal);
        writer.Size(size).End();
        Assert.Equal(text, _console.Line.Rows[^2]);
    }
}

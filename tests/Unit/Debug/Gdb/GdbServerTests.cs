using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Xml;
using CsCheck;
using SharpVisor.Debug.Gdb;
using Xunit;

namespace SharpVisor.Tests.Unit.Debug.Gdb;

public class GdbServerTests
{
    private const string Memory = "ffff000000001000";

    private readonly ServerUnderTest _gdb = new();

    [Fact]
    public void Packets_are_acknowledged_until_gdb_does_without()
    {
        Assert.Equal(["+", "QC1"], _gdb.Send("$qC#b4"u8, withSigns: true));
        Assert.Equal(["-"], _gdb.Send("$qC#b5"u8, withSigns: true));
        Assert.Equal(["-"], _gdb.Send("$qC#zz"u8, withSigns: true));
        Assert.Equal(["QC1"], _gdb.Send("-"u8, withSigns: true));
        Assert.Equal(["+", "OK"], _gdb.Send(ServerUnderTest.Packet("QStartNoAckMode"u8), withSigns: true));
        Assert.Equal(["QC1"], _gdb.Send("$qC#00"u8, withSigns: true));
        Assert.Empty(_gdb.Send("-+"u8, withSigns: true));
    }

    [Theory]
    [InlineData("?", "T02thread:1;1f:0000000000000000;20:0000000000000000;")]
    [InlineData("!", "OK")]
    [InlineData("", "")]
    [InlineData("qfThreadInfo", "m1,2,3")]
    [InlineData("qsThreadInfo", "l")]
    [InlineData("qThreadExtraInfo,2", "7468726561642031")]
    [InlineData("qThreadExtraInfo,4", "E02")]
    [InlineData("qThreadExtraInfo,0", "E02")]
    [InlineData("T3", "OK")]
    [InlineData("T4", "E02")]
    [InlineData("T-1", "E02")]
    [InlineData("Tx", "E02")]
    [InlineData("Hg3", "OK")]
    [InlineData("Hg0", "OK")]
    [InlineData("Hc-1", "OK")]
    [InlineData("Hg7fffffff", "E02")]
    [InlineData("Hx1", "E02")]
    [InlineData("qAttached", "1")]
    [InlineData("qC", "QC1")]
    [InlineData("qUnheardOf", "")]
    [InlineData("vMustReplyEmpty", "")]
    [InlineData("vCont?", "vCont;c;C;s;S;t;r")]
    [InlineData("vCont;x", "E01")]
    [InlineData("vCont;c:9", "E01")]
    [InlineData("vCont;s:", "E01")]
    [InlineData("p0", "0000000000000000")]
    [InlineData("p21", "00000000")]
    [InlineData("pffff", "E03")]
    [InlineData("p", "E01")]
    [InlineData("p1g", "E01")]
    [InlineData("pffffffffffffffffffff", "E01")]
    [InlineData("P0=0123", "E01")]
    [InlineData("P0=012345678901234", "E01")]
    [InlineData("P0=01234567890123xx", "E01")]
    [InlineData("P0", "E01")]
    [InlineData("Pffff=0", "E03")]
    [InlineData("P5e=0000000000000000", "E03")]
    [InlineData("G00", "E01")]
    [InlineData("m0,4", "E14")]
    [InlineData("m0", "E01")]
    [InlineData("m,", "E01")]
    [InlineData("mffffffffffffffffff,1", "E01")]
    [InlineData("m" + Memory + ",0", "")]
    [InlineData("m" + Memory + ",4", "00000000")]
    [InlineData("M" + Memory + ",2:01", "E01")]
    [InlineData("M" + Memory + ",2:0102", "OK")]
    [InlineData("M" + Memory + ",ffffffffffffffff:0102", "E01")]
    [InlineData("M0,2:0102", "E14")]
    [InlineData("X0,0:", "OK")]
    [InlineData("X0,1:a", "E14")]
    [InlineData("X" + Memory + ",2:a", "E01")]
    [InlineData("Z0,1000,4", "OK")]
    [InlineData("Z0,1000", "E01")]
    [InlineData("Z5,1000,4", "")]
    [InlineData("z0,1000,4", "E04")]
    [InlineData("qXfer:features:read:other.xml:0,100", "E01")]
    [InlineData("qXfer:features:read:target.xml:0", "E01")]
    [InlineData("qXfer:features:read:target.xml:fffff,10", "E01")]
    [InlineData("qXfer:auxv:read::0,1000", "")]
    [InlineData("qRcmd,6", "E01")]
    [InlineData("qRcmd,6x", "E01")]
    [InlineData("QStartNoAckMode", "OK")]
    [InlineData("Qqemu.PhyMemoryMode:2", "E01")]
    [InlineData("R00", null)]
    [InlineData("k", null)]
    public void A_packet_is_answered_so(string packet, string? answer)
    {
        List<string> answers = _gdb.Send(ServerUnderTest.Packet(Encoding.ASCII.GetBytes(packet)));
        Assert.Equal(answer is null ? [] : [answer], answers);
    }

    [Fact]
    public void A_packet_larger_than_announced_is_an_error_and_the_next_one_is_served()
    {
        byte[] large = ServerUnderTest.Packet(Encoding.ASCII.GetBytes("m" + new string('0', 100_000) + ",4"));
        Assert.Equal(["+", "E22"], _gdb.Send(large, withSigns: true));
        Assert.Equal("QC1", _gdb.Ask("qC"));
        Assert.Contains($"PacketSize={GdbInput.Capacity:x};", _gdb.Ask("qSupported:xmlRegisters=i386"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_packet_whose_end_was_lost_is_forgotten_when_the_next_one_begins() =>
        Assert.Equal(["+", "QC1"], _gdb.Send("$m0000$qC#b4"u8, withSigns: true));

    [Fact]
    public void Registers_are_those_of_the_thread_that_was_chosen()
    {
        _gdb.Target.Low[1, 0] = 0x0123_4567_89ab_cdef;
        _gdb.Target.Low[1, DebugRegisters.FirstVector + 31] = 1;
        _gdb.Target.High[1, DebugRegisters.FirstVector + 31] = 2;
        Assert.Equal("OK", _gdb.Ask("Hg2"));
        Assert.Equal("efcdab8967452301", _gdb.Ask("p0"));
        Assert.Equal("01000000000000000200000000000000", _gdb.Ask("p41"));
        string all = _gdb.Ask("g");
        Assert.Equal((33 * 8) + 4 + (32 * 16) + 8, all.Length / 2);
        Assert.StartsWith("efcdab8967452301", all, StringComparison.Ordinal);
        Assert.Equal("OK", _gdb.Ask("G" + all.Replace("efcdab89", "00000000", StringComparison.Ordinal)));
        Assert.Equal(0x0123_4567_0000_0000ul, _gdb.Target.Low[1, 0]);
        Assert.Equal("OK", _gdb.Ask("P21=c5030060"));
        Assert.Equal(0x6000_03c5ul, _gdb.Target.Low[1, DebugRegisters.Pstate]);
    }

    [Fact]
    public void Memory_is_read_as_far_as_it_is_there_and_written_in_both_forms()
    {
        Assert.Equal("OK", _gdb.Ask("X" + Memory + ",4:a}\u0003b}\u0004"));
        Assert.Equal("6123622400", _gdb.Ask("m" + Memory + ",5"));
        Assert.Equal("OK", _gdb.Ask("M" + Memory + ",2:fffe"));
        Assert.Equal("fffe6224", _gdb.Ask("m" + Memory + ",4"));
        Assert.Equal(0x10 * 2, _gdb.Ask("mffff000000003ff0,1000").Length);
        Assert.Equal("OK", _gdb.Ask("Qqemu.PhyMemoryMode:1"));
        Assert.Equal("1", _gdb.Ask("qqemu.PhyMemoryMode"));
        Assert.Equal("fffe", _gdb.Ask("m40000000,2"));
        Assert.Equal("E14", _gdb.Ask("m" + Memory + ",4"));
    }

    [Theory]
    [InlineData("vCont;c", "run run run")]
    [InlineData("vCont;s:2;c", "run step run")]
    [InlineData("vCont;s:2", "stay step stay")]
    [InlineData("vCont;C05:1;S05:3", "run stay step")]
    [InlineData("vCont;t:1;c", "stay run run")]
    [InlineData("vCont;r1000,1010:1;c:-1", "step 1000-1010 run run")]
    [InlineData("vCont;s:1;s:1;c:1", "step stay stay")]
    [InlineData("c", "run run run")]
    [InlineData("s", "step run run")]
    [InlineData("C05", "run run run")]
    [InlineData("S05", "step run run")]
    public void Threads_go_on_so(string packet, string expected)
    {
        Assert.Empty(_gdb.Send(ServerUnderTest.Packet(Encoding.ASCII.GetBytes(packet))));
        Assert.Equal([expected], _gdb.Target.Requests);
        Assert.Equal("E16", _gdb.Ask("g"));
        Assert.Empty(_gdb.Send([3]));
        Assert.Equal("interrupt", _gdb.Target.Requests[1]);
        _gdb.Target.StopAt(DebugStopKind.Trap, 2);
        _gdb.Server.Poll();
        Assert.Equal(["T05thread:3;1f:0000000000000000;20:0000000000000000;"], _gdb.Take());
        _gdb.Server.Poll();
        Assert.Empty(_gdb.Take());
        Assert.Equal("QC3", _gdb.Ask("qC"));
    }

    [Theory]
    [InlineData(DebugStopKind.Write, "T05watch:ffff000012345678;thread:2;")]
    [InlineData(DebugStopKind.Read, "T05rwatch:ffff000012345678;thread:2;")]
    [InlineData(DebugStopKind.Access, "T05awatch:ffff000012345678;thread:2;")]
    [InlineData(DebugStopKind.Crashed, "T06thread:2;")]
    [InlineData(DebugStopKind.Interrupted, "T02thread:2;")]
    [InlineData(DebugStopKind.Ended, "W00")]
    public void A_stop_is_told_so(DebugStopKind kind, string expected)
    {
        _gdb.Send(ServerUnderTest.Packet("vCont;c"u8));
        _gdb.Target.StopAt(kind, 1, 0xffff_0000_1234_5678);
        _gdb.Server.Poll();
        Assert.StartsWith(expected, Assert.Single(_gdb.Take()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_monitor_command_is_answered_with_its_text() =>
        Assert.Equal(["O" + Convert.ToHexStringLower("irq 33 of 0 0xabc\n"u8), "OK"], _gdb.Send(ServerUnderTest.Packet("qRcmd,697271203333"u8)));

    [Fact]
    public void The_description_is_well_formed_and_names_every_register_once_in_order()
    {
        string description = Transfer("qXfer:features:read:target.xml:");
        XmlDocument document = new() { XmlResolver = null };
        document.LoadXml(description.Replace("<!DOCTYPE target SYSTEM \"gdb-target.dtd\">", "", StringComparison.Ordinal));
        Assert.Equal(
            ["org.gnu.gdb.aarch64.core", "org.gnu.gdb.aarch64.fpu", "org.sharpvisor.system"],
            document.SelectNodes("/target/feature")!.Cast<XmlElement>().Select(feature => feature.GetAttribute("name")));
        List<XmlElement> registers = [.. document.SelectNodes("//reg")!.Cast<XmlElement>()];
        Assert.Equal(DebugRegisters.Count, registers.Count);
        Assert.Equal(DebugRegisters.Count, registers.Select(register => register.GetAttribute("name")).Distinct().Count());
        for (int i = 0; i < registers.Count; i++)
        {
            Assert.Equal((8 * DebugRegisters.SizeOf(i)).ToString(), registers[i].GetAttribute("bitsize"));
        }

        Assert.Equal("pc", registers[DebugRegisters.ProgramCounter].GetAttribute("name"));
        Assert.Equal("v31", registers[DebugRegisters.FirstVector + 31].GetAttribute("name"));
        Assert.Equal("sctlr_el1", registers[DebugRegisters.FirstSystem].GetAttribute("name"));

        // gdb-target.dtd: features hold types before they are used, and registers.
        HashSet<string> types = ["int", "uint128", "data_ptr", "code_ptr", "ieee_double", "ieee_single", "uint64", "uint32", "uint16", "uint8", ""];
        foreach (XmlElement element in document.SelectNodes("//*")!.Cast<XmlElement>())
        {
            Assert.Contains(element.Name, new[] { "target", "architecture", "feature", "reg", "flags", "union", "vector", "field" });
            Assert.Contains(element.GetAttribute("type"), types);
            types.Add(element.GetAttribute("id"));
        }
    }

    [Fact]
    public void Names_of_system_registers_go_with_their_numbers()
    {
        string[] names = Encoding.ASCII.GetString(DebugRegisters.SystemNames).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string[] members = [.. Enum.GetNames<DebugSystemRegister>().Where(name => name != nameof(DebugSystemRegister.Count))];
        Assert.Equal(members.Length, names.Length);
        for (int i = 0; i < names.Length; i++)
        {
            string plain = names[i].Replace("_", "", StringComparison.Ordinal);
            string member = members[i].ToLowerInvariant().Replace("activepriorities", "apr", StringComparison.Ordinal);
            Assert.True(plain.StartsWith(member, StringComparison.Ordinal) || plain.EndsWith(member, StringComparison.Ordinal)
                || plain == "gicdctlr" && member == "giccontrol", $"{names[i]} stands for {members[i]}");
        }
    }

    [Fact]
    public void The_memory_map_has_all_addresses()
    {
        XmlDocument document = new() { XmlResolver = null };
        document.LoadXml(Transfer("qXfer:memory-map:read::"));
        Assert.Equal(2, document.SelectNodes("/memory-map/memory")!.Count);
    }

    [Fact]
    public void After_good_bye_the_line_is_nobodys()
    {
        Assert.Equal("OK", _gdb.Ask("D;1"));
        Assert.True(_gdb.Server.IsDone);
        Assert.Equal(["detach"], _gdb.Target.Requests);
        _gdb.Server.Begin();
        Assert.False(_gdb.Server.IsDone);
        Assert.Equal(0ul, _gdb.Server.Output.Position);
    }

    [Fact]
    public void Registers_and_memory_are_what_was_written_last()
    {
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, DebugRegisters.Count - 1], Gen.ULong, Gen.ULong, Gen.Int[0, 0x2f00], Gen.Byte.Array[1, 600]).Sample((thread, register, low, high, place, bytes) =>
        {
            ServerUnderTest gdb = new();
            gdb.Ask($"Hg{thread + 1:x}");
            byte[] value = new byte[16];
            BinaryPrimitives.WriteUInt64LittleEndian(value, low);
            BinaryPrimitives.WriteUInt64LittleEndian(value.AsSpan(8), high);
            string text = Convert.ToHexStringLower(value.AsSpan(0, DebugRegisters.SizeOf(register)));
            bool isFixed = register == DebugRegisters.FirstSystem + (int)DebugSystemRegister.Mpidr;
            Assert.Equal(isFixed ? "E03" : "OK", gdb.Ask($"P{register:x}={text}"));
            Assert.Equal(isFixed ? "0000000000000000" : text, gdb.Ask($"p{register:x}"));
            int length = Math.Min(bytes.Length, gdb.Target.Bytes.Length - place);
            string address = (FakeTarget.Memory + (uint)place).ToString("x");
            bool fits = length == bytes.Length;
            Assert.Equal(fits ? "OK" : "E14", gdb.Ask($"M{address},{bytes.Length:x}:{Convert.ToHexStringLower(bytes)}"));
            if (fits)
            {
                Assert.Equal(Convert.ToHexStringLower(bytes), gdb.Ask($"m{address},{bytes.Length:x}"));
            }
        }, iter: 500);
    }

    [Fact]
    public void Noise_is_survived_and_every_answer_is_a_packet()
    {
        string[] beginnings = ["m", "M", "X", "g", "G", "p", "P", "Z0,", "z1,", "vCont;", "vCont;s:", "qXfer:features:read:target.xml:", "qRcmd,", "H", "T", "qThreadExtraInfo,", "Q", "q", "v", "s", "c", "\u0003", "-", "+", "$", "#"];
        Gen<byte[]> noise = Gen.Byte.Array[0, 60];
        Gen<byte[]> digits = Gen.Char["0123456789abcdef,;:=-}#$*"].Array[0, 40].Select(text => Encoding.ASCII.GetBytes(new string(text)));
        Gen.Select(Gen.Int[0, beginnings.Length - 1].Select(i => beginnings[i]), Gen.OneOf(noise, digits), Gen.Int[0, 3]).Array[1, 40].Sample(pieces =>
        {
            ServerUnderTest gdb = new();
            foreach ((string beginning, byte[] rest, int form) in pieces)
            {
                byte[] content = [.. Encoding.Latin1.GetBytes(beginning), .. rest];
                gdb.Send(form == 0 ? content : ServerUnderTest.Packet(content));
                if (form == 1)
                {
                    gdb.Target.StopAt(DebugStopKind.Trap, 1);
                    gdb.Server.Poll();
                    gdb.Take();
                }
            }

            gdb.Target.StopAt(DebugStopKind.Trap, 1);
            gdb.Send("#00"u8);
            Assert.Contains(gdb.Send(ServerUnderTest.Packet("qAttached"u8)), answer => answer == "1");
        }, iter: 3000);
    }

    private string Transfer(string what)
    {
        StringBuilder text = new();
        while (true)
        {
            string part = _gdb.Ask($"{what}{text.Length:x},1ff");
            text.Append(part, 1, part.Length - 1);
            if (part[0] == 'l')
            {
                return text.ToString();
            }

            Assert.Equal('m', part[0]);
            Assert.Equal(0x1ff, part.Length - 1);
        }
    }
}

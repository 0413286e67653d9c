using System;
using System.Text;
using CsCheck;
using SharpVisor.Arch;
using SharpVisor.Debug;
using Xunit;

namespace SharpVisor.Tests.Unit.Debug;

public class EsrDescriptionTests
{
    [Theory]
    [InlineData(0x0200_0000ul, "unknown reason (undefined instruction)")]
    [InlineData(0x07e0_0000ul, "WFx: WFI")]
    [InlineData(0x9600_0005ul, "data abort: read, translation fault, level 1")]
    [InlineData(0x9600_0045ul, "data abort: write, translation fault, level 1")]
    [InlineData(0x93c3_8047ul, "data abort from a lower level: write, translation fault, level 3, 8 bytes, X3")]
    [InlineData(0x9320_0006ul, "data abort from a lower level: read, translation fault, level 2, 1 byte, W0 sign-extended")]
    [InlineData(0x9200_0087ul, "data abort from a lower level: read, translation fault, level 3, on a stage-1 walk")]
    [InlineData(0x9600_0144ul, "data abort: cache maintenance, translation fault, level 0")]
    [InlineData(0x9600_0021ul, "data abort: read, alignment fault")]
    [InlineData(0x9600_0410ul, "data abort: read, synchronous external abort, FAR not valid")]
    [InlineData(0x9600_000ful, "data abort: read, permission fault, level 3")]
    [InlineData(0x9600_003ful, "data abort: read, reserved fault status 0x3f")]
    [InlineData(0x8200_0006ul, "instruction abort from a lower level: translation fault, level 2")]
    [InlineData(0x8600_000cul, "instruction abort: permission fault, level 0")]
    [InlineData(0x5a00_0000ul, "HVC #0x0")]
    [InlineData(0x5e00_1234ul, "SMC #0x1234")]
    [InlineData(0xf200_0001ul, "BRK #0x1")]
    [InlineData(0x6230_0021ul, "system register read: op0 3 op1 0 CRn 0 CRm 0 op2 0, X1")]
    [InlineData(0x623a_3016ul, "system register write: op0 3 op1 0 CRn 12 CRm 11 op2 5, X0")]
    [InlineData(0xbe00_0011ul, "SError, ISS 0x11")]
    [InlineData(0x8a00_0000ul, "PC alignment")]
    [InlineData(0xfc00_0000ul, "reserved exception class")]
    public void A_syndrome_reads_like_this(ulong syndrome, string expected) => Assert.Equal(expected, Describe(syndrome, 160));

    [Fact]
    public void What_does_not_fit_is_cut_off() => Assert.Equal("data abort: re", Describe(0x9600_0005, 14));

    [Fact]
    public void Every_syndrome_fits_into_160_bytes_of_printable_text() =>
        Gen.ULong.Sample(
            syndrome =>
            {
                byte[] text = new byte[200];
                int length = EsrDescription.Write(new Esr(syndrome), text);
                return length is > 0 and <= 160 && text.AsSpan(0, length).IndexOfAnyExceptInRange((byte)' ', (byte)'~') < 0;
            },
            iter: 50_000);

    [Fact]
    public void Fields_stand_where_the_manual_has_them()
    {
        var esr = new Esr(0x93e7_c587);
        Assert.Equal(0x24u, esr.ExceptionClass);
        Assert.True(esr.IsLong);
        Assert.Equal(0x1e7_c587u, esr.Iss);
        Assert.True(esr.IsAccessDescribed);
        Assert.Equal(8, esr.AccessSize);
        Assert.True(esr.IsSignExtended);
        Assert.Equal(7u, esr.Register);
        Assert.True(esr.IsRegister64);
        Assert.True(esr.IsOrdered);
        Assert.True(esr.IsAddressInvalid);
        Assert.True(esr.IsCacheMaintenance);
        Assert.True(esr.IsOnStage1Walk);
        Assert.False(esr.IsWrite);
        Assert.Equal(7u, esr.FaultStatus);
    }

    private static string Describe(ulong syndrome, int room)
    {
        byte[] text = new byte[room];
        return Encoding.ASCII.GetString(text, 0, EsrDescription.Write(new Esr(syndrome), text));
    }
}

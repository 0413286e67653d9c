using System.Collections.Generic;
using System.Linq;
using SharpVisor.Build;
using SharpVisor.Build.Symbols;
using Xunit;

namespace SharpVisor.Tests.Unit.Build;

public sealed class PanicReportTests
{
    private static readonly IReadOnlyList<(ulong Address, string Name)> s_functions =
        [(0x1000, "A.B.One"), (0x2000, "A.B.Two"), (0x3000, "A.B.Two"), (0x4000, "enter")];

    [Fact]
    public void Frames_are_found_wherever_the_image_lay_and_callers_mean_the_call()
    {
        PanicReport report = PanicReport.Read(
            [
                "[ 12:00] sharpvisor: PANIC: exception in the hypervisor",
                "[ 12:00]   FAR 0000000dead00038  PC 0000000080101010  PSTATE 600003c9",
                "[ 12:00]     at 0000000080101010  A.B.One + 0x10",
                "[ 12:00]     at 0000000080103024  A.B.Two + 0x24\r",
                "    at 00000000801040f0",
                "at home"
            ],
            s_functions);
        Assert.Equal(0x8010_0000ul, report.LoadAddress);
        Assert.Equal([(2, 0x1010ul), (3, 0x3020ul), (4, 0x40ecul)], report.Frames.Select(frame => (frame.Key, frame.Value)));
    }

    [Theory]
    [InlineData("no report at all", "There is no frame")]
    [InlineData("    at 0000000080101010  C.D.Unknown + 0x10", "not of build/sharpvisor.elf")]
    public void What_is_no_report_of_this_image_is_refused(string text, string message)
    {
        BuildException refused = Assert.Throws<BuildException>(() => PanicReport.Read([text], s_functions));
        Assert.Contains(message, refused.Message);
    }
}

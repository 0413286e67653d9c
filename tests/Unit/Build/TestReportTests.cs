using SharpVisor.Build.Testing;
using Xunit;

namespace SharpVisor.Tests.Unit.Build;

/// <summary>Counting tests: none is lost, none is made up.</summary>
public class TestReportTests
{
    [Fact]
    public void Each_outcome_is_counted_and_named()
    {
        TestReport report = new();
        Assert.Null(report.Take("""{"$type":"test-starting","TestUniqueID":"1","TestDisplayName":"A.B"}"""));
        Assert.Equal("  passed     A.B (0.25 s)", report.Take("""{"$type":"test-passed","TestUniqueID":"1","ExecutionTime":0.25}"""));
        Assert.Contains("expected 1\n", report.Take("""{"$type":"test-failed","TestUniqueID":"1","Messages":["expected 1"],"StackTraces":["at A.B"]}""")!.ReplaceLineEndings("\n"));
        Assert.Contains("skipped", report.Take("""{"$type":"test-skipped","TestUniqueID":"1","Reason":"no emulator"}"""));
        Assert.Equal((1, 1, 1), (report.Passed, report.Failed, report.Skipped));
    }

    [Fact]
    public void A_failed_clean_up_is_a_failure()
    {
        TestReport report = new();
        report.Take("""{"$type":"test-class-cleanup-failure","Messages":["disposed twice"]}""");
        Assert.Equal(1, report.Failed);
    }

    [Fact]
    public void A_program_that_breaks_off_is_not_finished()
    {
        TestReport report = new();
        report.Take("""{"$type":"test-passed","TestUniqueID":"1"}""");
        Assert.False(report.IsFinished);
        report.Take("""{"$type":"test-assembly-finished"}""");
        Assert.True(report.IsFinished);
    }

    [Theory]
    [InlineData("Unhandled exception.")]
    [InlineData("{ no JSON")]
    public void Other_output_is_shown_as_it_is(string line) => Assert.Equal(line, new TestReport().Take(line));
}

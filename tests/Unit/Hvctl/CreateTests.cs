using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using SharpVisor.Console;
using SharpVisor.Formats;
using SharpVisor.Hvctl;
using Xunit;

namespace SharpVisor.Tests.Unit.Hvctl;

/// <summary>Bundles that are sent.</summary>
public sealed class CreateTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("create").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(4084)]
    [InlineData(4085)]
    [InlineData(300_001)]
    public async Task A_bundle_is_sent_whole_and_its_machines_are_created(int length)
    {
        HvctlUnderTest hvctl = new("web");
        hvctl.Served.Machine.ChecksLeft = 3;
        string file = Write(length);
        JsonElement sent = await hvctl.JsonAsync($"create {file}");
        Assert.Equal(length, sent.GetProperty("bytes").GetInt64());
        Assert.Equal(file, sent.GetProperty("bundle").GetString());
        JsonElement vm = Assert.Single(sent.GetProperty("vms").EnumerateArray().ToArray());
        Assert.Equal("uploaded", vm.GetProperty("name").GetString());
        Assert.Equal("created", vm.GetProperty("state").GetString());
        Assert.Equal(VmState.Created, hvctl.Served.Machine.Vms[1].State);
        Assert.Empty(hvctl.Served.Machine.Uploads);
    }

    [Fact]
    public async Task What_was_sent_is_started_where_that_is_wanted()
    {
        HvctlUnderTest hvctl = new();
        string file = Write(1000);
        string page = await hvctl.PageAsync($"create {file} --start");
        Assert.Contains("1 virtual machine defined\nuploaded: created\nuploaded: started\n", page, StringComparison.Ordinal);
        Assert.Contains("sent in", hvctl.Error, StringComparison.Ordinal);
        Assert.Equal(["create uploaded", "start uploaded"], hvctl.Served.Machine.Requests);
    }

    [Fact]
    public async Task A_bundle_that_is_refused_is_told_with_the_reason_and_changes_nothing()
    {
        HvctlUnderTest hvctl = new("web");
        hvctl.Served.Machine.UploadError = BundleError.WrongHash;
        string file = Write(20_000);
        Assert.Equal(ExitCode.Refused, await hvctl.RunAsync($"create {file}"));
        Assert.Contains("its data does not match its hash", hvctl.Error, StringComparison.Ordinal);
        Assert.Contains("left", hvctl.Error, StringComparison.Ordinal);
        Assert.Contains("nothing was changed", hvctl.Error, StringComparison.Ordinal);
        Assert.Single(hvctl.Served.Machine.Vms);
        Assert.Empty(hvctl.Served.Machine.Uploads);
        JsonElement error = (await hvctl.JsonAsync($"create {file}", ExitCode.Refused)).GetProperty("error");
        Assert.Equal("badBundle", error.GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_bundle_that_is_too_large_is_refused_before_it_is_sent()
    {
        HvctlUnderTest hvctl = new();
        string file = Write((1 << 20) + 1);
        Assert.Equal(ExitCode.Refused, await hvctl.RunAsync($"create {file}"));
        Assert.Contains("not enough memory is free", hvctl.Error, StringComparison.Ordinal);
        Assert.Empty(hvctl.Served.Machine.Uploads);
    }

    private string Write(int length)
    {
        string file = Path.Combine(_folder, "vms.itb");
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        File.WriteAllBytes(file, bytes);
        return file;
    }
}

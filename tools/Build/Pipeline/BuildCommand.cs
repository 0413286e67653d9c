using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Threading.Tasks;
using SharpVisor.Build.Setup;

namespace SharpVisor.Build.Pipeline;

/// <summary>
/// The verb <c>build</c>: C# to IL to objects to images, first of the test guests (the hypervisor's image carries
/// one of them), then of the hypervisor; last hvctl, which runs on this computer.
/// </summary>
internal sealed class BuildCommand
{
    private readonly StepCache _cache = new();
    private readonly IlStep _il;
    private readonly ManagedCodeStep _managedCode;
    private readonly AssembleStep _assembler;
    private readonly LinkStep _linker;
    private readonly CheckStep _checker;
    private readonly HostToolStep _hostTool;

    private BuildCommand(Settings settings, string clang, string lld)
    {
        _il = new IlStep(_cache);
        _managedCode = new ManagedCodeStep(_cache, settings);
        _assembler = new AssembleStep(_cache, clang);
        _linker = new LinkStep(_cache, lld, _assembler);
        _checker = new CheckStep(_cache);
        _hostTool = new HostToolStep(_cache);
    }

    /// <summary>Builds everything. Answers 0; what goes wrong is a <see cref="BuildException"/>.</summary>
    internal static async Task<int> ExecuteAsync(Settings settings)
    {
        IReadOnlyList<string> tools = await Toolbox.RequireAsync([Tools.Clang, Tools.Lld]);
        using IDisposable exclusive = await BuildLock.AcquireAsync();
        BuildCommand build = new(settings, tools[0], tools[1]);
        await build.BuildGuestsAsync();
        await build.BuildHypervisorAsync();
        await build._hostTool.RunAsync();
        Console.WriteLine($"{Repository.Shorten(Repository.Image)}: {new FileInfo(Repository.Image).Length} bytes");
        return 0;
    }

    private async Task BuildGuestsAsync()
    {
        IReadOnlyList<FreestandingProgram> guests = FreestandingProgram.Guests();
        await _il.RunAsync("the test guests", guests);
        foreach (FreestandingProgram guest in guests)
        {
            await _managedCode.RunAsync(guest);
            await LinkAsync(guest, []);
        }
    }

    private async Task BuildHypervisorAsync()
    {
        FreestandingProgram hypervisor = FreestandingProgram.Hypervisor;
        await _il.RunAsync("the hypervisor", [hypervisor]);
        await _managedCode.RunAsync(hypervisor);
        string embedded = await _assembler.RunAsync(
            hypervisor,
            Repository.Combine("linker/embedded.S"),
            [await PackAsync(Repository.GuestImage(FreestandingProgram.EmbeddedGuest))]);
        await LinkAsync(hypervisor, [embedded]);
        await _checker.CheckCodeAsync(hypervisor);
    }

    private async Task<string> PackAsync(string image)
    {
        string packed = image + ".gz";
        await _cache.RunAsync("pack", Repository.Shorten(packed), [], [image], [packed], () =>
        {
            using FileStream target = File.Create(packed);
            using GZipStream gzip = new(target, CompressionLevel.SmallestSize);
            gzip.Write(File.ReadAllBytes(image));
            return Task.CompletedTask;
        });
        return packed;
    }

    private async Task LinkAsync(FreestandingProgram program, IReadOnlyList<string> more)
    {
        IReadOnlyList<string> assembled = await _assembler.RunAsync(program);
        await _checker.CheckObjectsAsync(program, [.. assembled, .. more]);
        await _linker.RunAsync(program, [program.ManagedObject, .. assembled, .. more]);
    }
}

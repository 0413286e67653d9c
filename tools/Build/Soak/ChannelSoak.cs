extern alias control;

using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Threading;
using System.Threading.Tasks;
using control::SharpVisor.Console;
using control::SharpVisor.Control.Broker;
using control::SharpVisor.Control.Client;

namespace SharpVisor.Build.Soak;

/// <summary>
/// What comes over the control channel while machines are made and destroyed: two clients that ask and check the answers,
/// and visitors that send garbage, go away in the middle of a frame or of an upload, or bring bundles that are none. Every
/// request of the two must be answered rightly, whatever the visitors do.
/// </summary>
/// <param name="channel">The channel's broker.</param>
/// <param name="seed">Chooses what is done.</param>
internal sealed class ChannelSoak(MachineChannel channel, int seed)
{
    private const int LongestNoise = 5000;
    private const int LongestBundle = 20_000;

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource _ending = new();
    private readonly List<Task> _work = [];
    private int _asked;
    private int _visits;

    /// <summary>Begins.</summary>
    /// <param name="names">Virtual machines that are defined all the time.</param>
    internal void Start(IReadOnlyList<string> names)
    {
        _work.Add(Task.Run(() => AskAsync(new Random(seed + 1), names)));
        _work.Add(Task.Run(() => AskAsync(new Random(seed + 2), names)));
        _work.Add(Task.Run(() => VisitAsync(new Random(seed + 3))));
    }

    /// <summary>Whether one of them has failed already.</summary>
    internal bool HasFailed => _work.Any(task => task.IsFaulted);

    /// <summary>Lets them end.</summary>
    /// <returns>What was done, for the last line.</returns>
    /// <exception cref="BuildException">Something was not answered as it should be.</exception>
    internal async Task<string> EndAsync()
    {
        await _ending.CancelAsync();
        try
        {
            await Task.WhenAll(_work);
        }
        catch (Exception exception) when (exception is ControlException or IOException)
        {
            throw new BuildException($"the control channel: {exception.Message}");
        }

        return string.Create(CultureInfo.InvariantCulture, $"{_asked} requests of two clients answered beside {_visits} bad visitors");
    }

    private async Task AskAsync(Random random, IReadOnlyList<string> names)
    {
        await using MachineClient client = await ConnectAsync();
        while (!_ending.IsCancellationRequested)
        {
            switch (random.Next(5))
            {
                case 0:
                    List<VmStatus> vms = await client.ListVmsAsync(CancellationToken.None);
                    Require(names.All(name => vms.Any(vm => NameOf(vm) == name)), "a machine is missing in the list");
                    break;
                case 1:
                    VmStatus? found = await client.FindVmAsync(names[random.Next(names.Count)], CancellationToken.None);
                    Require(found is not null, "a machine is not found by its name");
                    await ReadConsoleAsync(client, found!.Value.Id);
                    break;
                case 2:
                    MemoryStatus memory = await client.GetMemoryAsync(CancellationToken.None);
                    Require(memory.Free <= memory.Total && memory.Kept <= memory.Free, "more is free, or kept, than there is");
                    break;
                case 3:
                    await client.ListVCpusAsync(0, CancellationToken.None);
                    break;
                default:
                    await client.ReadLogAsync(0, CancellationToken.None);
                    break;
            }

            Interlocked.Increment(ref _asked);
            await PauseAsync(random.Next(40));
        }
    }

    private static async Task ReadConsoleAsync(MachineClient client, int vm)
    {
        try
        {
            await client.ReadConsoleAsync(vm, 0, CancellationToken.None);
        }
        catch (ControlException exception) when (exception.Answer?.Outcome == (byte)ControlOutcome.NoConsole)
        {
            // It is only defined at the moment.
        }
    }

    private async Task VisitAsync(Random random)
    {
        byte[] noise = new byte[LongestBundle];
        while (!_ending.IsCancellationRequested)
        {
            random.NextBytes(noise);
            if (random.Next(3) == 0)
            {
                await using MachineClient client = await ConnectAsync();
                await UploadAsync(client, noise.AsMemory(0, random.Next(1, LongestBundle)), isFinished: random.Next(2) == 0);
            }
            else
            {
                // Zeros end frames: some of it are empty ones, some are too short, one is left in the middle.
                await using Stream line = await ControlAddress.OpenAsync(channel.Address);
                await line.WriteAsync(noise.AsMemory(0, random.Next(1, LongestNoise)));
            }

            _visits++;
            await PauseAsync(random.Next(200));
        }
    }

    private static async Task UploadAsync(MachineClient client, ReadOnlyMemory<byte> bundle, bool isFinished)
    {
        uint upload = await client.BeginUploadAsync((ulong)bundle.Length, CancellationToken.None);
        for (int offset = 0; offset < bundle.Length; offset += client.UploadPiece)
        {
            await client.WriteUploadAsync(upload, (ulong)offset, bundle[offset..Math.Min(bundle.Length, offset + client.UploadPiece)], CancellationToken.None);
            if (!isFinished)
            {
                return; // its client goes, and what it has sent goes too
            }
        }

        UploadResult? result;
        do
        {
            result = await client.FinishUploadAsync(upload, SHA256.HashData(bundle.Span), CancellationToken.None);
        }
        while (result is null);
        Require(result.Outcome == (byte)ControlOutcome.BadBundle, "a bundle that is none was not refused as one");
    }

    private async Task<MachineClient> ConnectAsync()
    {
        Stream line = await ControlAddress.OpenAsync(channel.Address);
        return new MachineClient(await ControlClient.StartAsync(line, new ClientOptions { Limit = s_limit, Name = "soak" }));
    }

    private async Task PauseAsync(int milliseconds)
    {
        try
        {
            await Task.Delay(milliseconds, _ending.Token);
        }
        catch (OperationCanceledException)
        {
            // It is to end, which the caller sees.
        }
    }

    private static void Require(bool isTrue, string otherwise)
    {
        if (!isTrue)
        {
            throw new BuildException($"the control channel: {otherwise}");
        }
    }

    private static string NameOf(VmStatus vm)
    {
        Span<byte> name = stackalloc byte[VmName.Capacity];
        return Answer.Text(name[..vm.Name.CopyTo(name)]);
    }
}

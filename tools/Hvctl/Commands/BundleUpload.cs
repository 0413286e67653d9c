using System;
using System.Buffers;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Threading;
using System.Threading.Tasks;
using SharpVisor.Console;
using SharpVisor.Control.Client;
using SharpVisor.Formats;
using SharpVisor.Hvctl.Output;

namespace SharpVisor.Hvctl.Commands;

/// <summary>
/// Sends a bundle. Pieces go as many at a time as the machine allows; each says where it belongs, so that one which is
/// repeated does no harm. What was sent is forgotten by the machine where this does not come to its end.
/// </summary>
internal sealed class BundleUpload
{
    private static readonly TimeSpan s_abort = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_check = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(20);

    private readonly Invocation _invocation;
    private readonly MachineClient _machine;
    private readonly string _file;
    private long _sent;

    internal BundleUpload(Invocation invocation, MachineClient machine, string file)
    {
        _invocation = invocation;
        _machine = machine;
        _file = file;
    }

    /// <summary>Bytes of the bundle.</summary>
    internal long Length { get; private set; }

    /// <summary>How long it took to send.</summary>
    internal TimeSpan Elapsed { get; private set; }

    /// <summary>Sends it and has it checked.</summary>
    /// <exception cref="Failure">The machine refuses it.</exception>
    internal async Task<UploadResult> SendAsync()
    {
        await using FileStream file = new(_file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        Length = file.Length;
        uint upload;
        try
        {
            upload = await _machine.BeginUploadAsync((ulong)Length, _invocation.Cancellation);
        }
        catch (ControlException exception) when (exception.Error == ControlError.Refused)
        {
            throw Failure.From(exception, $"{_file} ({Units.Size((ulong)Length)}) is refused");
        }

        try
        {
            Stopwatch watch = Stopwatch.StartNew();
            UploadProgress progress = new(_invocation, Path.GetFileName(_file), Length);
            await progress.ShowAsync(() => Interlocked.Read(ref _sent), () => SendPiecesAsync(file, upload));
            Elapsed = watch.Elapsed;
            return await FinishAsync(file, upload);
        }
        catch
        {
            await AbortAsync(upload);
            throw;
        }
    }

    private async Task SendPiecesAsync(FileStream file, uint upload)
    {
        using CancellationTokenSource broken = CancellationTokenSource.CreateLinkedTokenSource(_invocation.Cancellation);
        Task[] senders = Enumerable.Range(0, _machine.Greeting.Window).Select(_ => SendSomeAsync(file, upload, broken)).ToArray();
        await Task.WhenAll(senders);
    }

    private async Task SendSomeAsync(FileStream file, uint upload, CancellationTokenSource broken)
    {
        int size = _machine.UploadPiece;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            long offset;
            while ((offset = Interlocked.Add(ref _next, size) - size) < Length)
            {
                int wanted = (int)Math.Min(size, Length - offset);
                int count = await RandomAccess.ReadAsync(file.SafeFileHandle, buffer.AsMemory(0, wanted), offset, broken.Token);
                if (count != wanted)
                {
                    throw new Failure(ExitCode.Refused, "file", $"{_file} became shorter while it was sent");
                }

                await _machine.WriteUploadAsync(upload, (ulong)offset, buffer.AsMemory(0, count), broken.Token);
                Interlocked.Add(ref _sent, count);
            }
        }
        catch
        {
            // The others need not go on.
            await broken.CancelAsync();
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private long _next;

    private async Task<UploadResult> FinishAsync(FileStream file, uint upload)
    {
        file.Position = 0;
        byte[] digest = await SHA256.HashDataAsync(file, _invocation.Cancellation);
        Stopwatch watch = Stopwatch.StartNew();
        while (true)
        {
            UploadResult? result = await _machine.FinishUploadAsync(upload, digest, _invocation.Cancellation);
            if (result is null)
            {
                if (watch.Elapsed > s_check)
                {
                    throw new Failure(ExitCode.TimedOut, "timedOut", $"{_file}: the machine is still checking it after {s_check.TotalMinutes:0} minutes");
                }

                await Task.Delay(s_pause, _invocation.Cancellation);
                continue;
            }

            return result.Outcome == 0 ? result : throw Refused(result);
        }
    }

    private Failure Refused(UploadResult result)
    {
        string culprit = result.Culprit.Length == 0 || result.Reason.Contains(result.Culprit, StringComparison.Ordinal) ? "" : $"'{result.Culprit}': ";
        return new Failure(ExitCode.Refused, Outcomes.Code(result.Outcome), $"{_file} is refused: {culprit}{result.Reason}; nothing was changed");
    }

    private async Task AbortAsync(uint upload)
    {
        try
        {
            using CancellationTokenSource limit = new(s_abort);
            await _machine.AbortUploadAsync(upload, limit.Token);
        }
        catch (Exception exception) when (exception is ControlException or OperationCanceledException)
        {
            // The machine forgets it with the session.
        }
    }
}

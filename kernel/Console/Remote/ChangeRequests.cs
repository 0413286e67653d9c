using System;
using SharpVisor.Formats;

namespace SharpVisor.Console;

/// <summary>
/// Requests that change something. How they end is remembered, so that their answers are short: a few bytes, and the
/// reason of a failure is put into words anew.
/// </summary>
internal sealed class ChangeRequests
{
    private const int HashLength = 32;

    private readonly MachineControl _control;
    private readonly StreamRequests _streams;
    private readonly UploadOwners _uploads;

    internal ChangeRequests(MachineControl control, StreamRequests streams, UploadOwners uploads)
    {
        _control = control;
        _streams = streams;
        _uploads = uploads;
    }

    /// <summary>Whether an operation is one of those.</summary>
    internal static bool Has(ControlOperation operation) => operation switch
    {
        >= ControlOperation.Create and <= ControlOperation.SetMemory => true,
        ControlOperation.SetLogLevel or ControlOperation.WriteConsole or ControlOperation.BeginUpload => true,
        ControlOperation.FinishUpload or ControlOperation.AbortUpload or ControlOperation.PowerOff => true,
        _ => false,
    };

    /// <summary>Executes one.</summary>
    /// <param name="session">Whose it is.</param>
    /// <param name="operation">What is to be done.</param>
    /// <param name="request">Its payload.</param>
    /// <param name="tail">The answer, or what stands behind the reason of a failure.</param>
    internal ControlResult Execute(byte session, ControlOperation operation, PayloadReader request, ref PayloadWriter tail)
    {
        switch (operation)
        {
            case ControlOperation.SetLogLevel:
                LogLevel level = (LogLevel)request.UInt8();
                return request.IsComplete && level < LogLevel.Count
                    ? _control.TrySetLogLevel(level)
                    : ControlResult.Failed(ControlOutcome.BadRequest);
            case ControlOperation.WriteConsole:
                return _streams.WriteConsole(request, ref tail);
            case ControlOperation.BeginUpload:
                return BeginUpload(session, ref request, ref tail);
            case ControlOperation.FinishUpload:
                return FinishUpload(session, ref request, ref tail);
            case ControlOperation.AbortUpload:
                return AbortUpload(session, ref request);
            case ControlOperation.PowerOff:
                return _control.TryPowerOff();
            default:
                return ChangeVm(operation, ref request);
        }
    }

    /// <summary>A piece of a bundle. Not remembered: it may come again.</summary>
    internal ControlResult WriteUpload(byte session, PayloadReader request)
    {
        int upload = (int)request.UInt32();
        ulong offset = request.UInt64();
        if (!request.IsComplete)
        {
            return ControlResult.Failed(ControlOutcome.BadRequest);
        }

        return _uploads.Has(session, upload)
            ? _control.TryWriteUpload(upload, offset, request.Rest)
            : ControlResult.Failed(ControlOutcome.NoSuchUpload);
    }

    /// <summary>Why a bundle was refused, in words, by the tail of the answer.</summary>
    internal static ReadOnlySpan<byte> DescribeRefusal(ReadOnlySpan<byte> tail)
    {
        BundleError error = tail.IsEmpty ? BundleError.None : (BundleError)tail[0];
        return error == BundleError.None ? "its bytes do not match the SHA-256 that was sent with it"u8 : BundleErrorText.Describe(error);
    }

    private ControlResult ChangeVm(ControlOperation operation, ref PayloadReader request)
    {
        int vm = (int)request.UInt32();
        if (!request.IsComplete)
        {
            return ControlResult.Failed(ControlOutcome.BadRequest);
        }

        switch (operation)
        {
            case ControlOperation.Create:
                return _control.TryCreate(vm);
            case ControlOperation.Start:
                return _control.TryStart(vm);
            case ControlOperation.Pause:
                return _control.TryPause(vm);
            case ControlOperation.Resume:
                return _control.TryResume(vm);
            case ControlOperation.Reset:
                return _control.TryReset(vm);
            case ControlOperation.Shutdown:
                return _control.TryShutdown(vm);
            case ControlOperation.Stop:
                return _control.TryStop(vm);
            case ControlOperation.Destroy:
                return _control.TryDestroy(vm);
            default:
                request.UInt32();
                ulong bytes = request.UInt64();
                return request.IsComplete ? _control.TrySetMemory(vm, bytes) : ControlResult.Failed(ControlOutcome.BadRequest);
        }
    }

    private ControlResult BeginUpload(byte session, ref PayloadReader request, ref PayloadWriter tail)
    {
        ulong length = request.UInt64();
        if (!request.IsComplete)
        {
            return ControlResult.Failed(ControlOutcome.BadRequest);
        }

        ControlResult result = _uploads.TryBegin(session, length, out int upload);
        if (result.IsOk)
        {
            tail.UInt32((uint)upload);
        }

        return result;
    }

    private ControlResult FinishUpload(byte session, ref PayloadReader request, ref PayloadWriter tail)
    {
        int upload = (int)request.UInt32();
        ReadOnlySpan<byte> hash = request.Bytes(HashLength);
        if (!request.IsComplete)
        {
            return ControlResult.Failed(ControlOutcome.BadRequest);
        }

        if (!_uploads.Has(session, upload))
        {
            return ControlResult.Failed(ControlOutcome.NoSuchUpload);
        }

        ControlResult result = _control.TryFinishUpload(upload, hash, out UploadVerdict verdict);
        if (result.IsOk)
        {
            tail.UInt8(0);
            tail.UInt8(0);
            tail.UInt16((uint)verdict.Vms);
        }
        else if (result.Outcome == ControlOutcome.BadBundle)
        {
            Span<byte> culprit = stackalloc byte[VmName.Capacity];
            tail.UInt8((uint)verdict.Error);
            tail.Text(culprit.Slice(0, verdict.Culprit.CopyTo(culprit)));
        }

        if (result.IsOk || result.Outcome is ControlOutcome.BadBundle or ControlOutcome.NoSuchUpload)
        {
            _uploads.Remove(session, upload);
        }

        return result;
    }

    private ControlResult AbortUpload(byte session, ref PayloadReader request)
    {
        int upload = (int)request.UInt32();
        if (!request.IsComplete)
        {
            return ControlResult.Failed(ControlOutcome.BadRequest);
        }

        if (!_uploads.Has(session, upload))
        {
            return ControlResult.Failed(ControlOutcome.NoSuchUpload);
        }

        _uploads.Remove(session, upload);
        return _control.AbortUpload(upload);
    }
}

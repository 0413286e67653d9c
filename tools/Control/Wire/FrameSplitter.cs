using System;
using SharpVisor.Console;

namespace SharpVisor.Control.Wire;

/// <summary>Finds the frames in what comes from a line. What is none is dropped up to the next zero byte.</summary>
internal sealed class FrameSplitter
{
    private readonly FrameDecoder _decoder = new();

    /// <summary>Pieces between zero bytes that were no frames.</summary>
    internal ulong Dropped => _decoder.Dropped;

    /// <summary>Takes bytes until a frame is whole.</summary>
    /// <param name="input">What came; what was taken is cut off its front.</param>
    /// <param name="frame">The frame; its payload is a copy.</param>
    /// <returns>False where all bytes were taken and no frame is whole.</returns>
    internal bool TryTake(ref ReadOnlySpan<byte> input, out Frame frame)
    {
        bool isWhole = _decoder.TryTake(ref input);
        frame = isWhole ? new Frame(_decoder.Session, _decoder.Id, _decoder.Operation, _decoder.Outcome, _decoder.Payload.ToArray()) : default;
        return isWhole;
    }
}

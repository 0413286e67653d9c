namespace SharpVisor.Console;

/// <summary>The answer to <see cref="ControlOperation.Machine"/>.</summary>
internal struct MachineAnswer
{
    /// <summary>Nanoseconds since the machine's start.</summary>
    internal ulong Now { get; set; }

    /// <summary>Number of VMs, in whatever state.</summary>
    internal uint Vms { get; set; }

    /// <summary>Number of CPUs.</summary>
    internal uint Cpus { get; set; }

    /// <summary>Position of the oldest byte of the log that is kept.</summary>
    internal ulong LogStart { get; set; }

    /// <summary>Position behind the newest one.</summary>
    internal ulong LogEnd { get; set; }

    /// <summary>Frames that were taken.</summary>
    internal ulong FramesTaken { get; set; }

    /// <summary>Pieces of the line that were no frame.</summary>
    internal ulong FramesDropped { get; set; }

    /// <summary>Writes it.</summary>
    internal readonly void Write(ref PayloadWriter payload)
    {
        payload.UInt64(Now);
        payload.UInt32(Vms);
        payload.UInt32(Cpus);
        payload.UInt64(LogStart);
        payload.UInt64(LogEnd);
        payload.UInt64(FramesTaken);
        payload.UInt64(FramesDropped);
    }

    /// <summary>Reads it.</summary>
    internal static MachineAnswer Read(ref PayloadReader payload)
    {
        MachineAnswer answer = default;
        answer.Now = payload.UInt64();
        answer.Vms = payload.UInt32();
        answer.Cpus = payload.UInt32();
        answer.LogStart = payload.UInt64();
        answer.LogEnd = payload.UInt64();
        answer.FramesTaken = payload.UInt64();
        answer.FramesDropped = payload.UInt64();
        return answer;
    }
}

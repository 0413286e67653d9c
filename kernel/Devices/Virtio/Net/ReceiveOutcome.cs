namespace SharpVisor.Devices.Virtio;

/// <summary>What became of a frame that was given to a receiver.</summary>
public enum ReceiveOutcome
{
    /// <summary>It has it.</summary>
    Done,

    /// <summary>It had no buffer for it.</summary>
    NoBuffer,

    /// <summary>It does not want it, or nobody is there.</summary>
    Unwanted,

    /// <summary>The frame is not where its sender said, or not what it said.</summary>
    BadFrame,
}

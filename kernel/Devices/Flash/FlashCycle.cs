namespace SharpVisor.Devices;

/// <summary>What a flash chip takes the next write for.</summary>
internal enum FlashCycle
{
    /// <summary>The first write of a command.</summary>
    Command,

    /// <summary>The confirmation of a block's erasure.</summary>
    EraseConfirmation,

    /// <summary>The word to program.</summary>
    ProgramData,

    /// <summary>The number of words to program through the buffer, less one.</summary>
    BufferCount,

    /// <summary>A word for the buffer.</summary>
    BufferData,

    /// <summary>The confirmation that the buffer is to be programmed.</summary>
    BufferConfirmation,

    /// <summary>What to do with a block's lock.</summary>
    LockOperation,
}

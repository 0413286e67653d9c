namespace SharpVisor.Formats;

/// <summary>What a VM does whose debugger has gone without a word.</summary>
public enum BundleDebuggerPolicy
{
    /// <summary>It goes on.</summary>
    Resume,

    /// <summary>It stays paused.</summary>
    Pause,

    /// <summary>It ends.</summary>
    Stop,
}

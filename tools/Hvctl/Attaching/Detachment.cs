namespace SharpVisor.Hvctl.Attaching;

/// <summary>Why a console was left.</summary>
internal enum Detachment
{
    /// <summary>The escape key.</summary>
    Escape,

    /// <summary>The input has ended, and the VM prints nothing more.</summary>
    InputEnded,

    /// <summary>The text that was waited for came.</summary>
    TextCame,

    /// <summary>The text that was waited for did not come in time.</summary>
    TextMissing,

    /// <summary>The VM has ended.</summary>
    VmEnded,
}

namespace SharpVisor.Hvctl.Output;

/// <summary>What a colour is to say.</summary>
internal enum Tone
{
    /// <summary>Nothing.</summary>
    Plain,

    /// <summary>A heading.</summary>
    Strong,

    /// <summary>As it should be.</summary>
    Good,

    /// <summary>Worth a look.</summary>
    Odd,

    /// <summary>Wrong.</summary>
    Bad,
}

namespace SharpVisor.Console;

/// <summary>How text looks on a terminal that has colours.</summary>
internal enum Paint
{
    /// <summary>As usual.</summary>
    Plain,

    /// <summary>Bold.</summary>
    Strong,

    /// <summary>All is well.</summary>
    Good,

    /// <summary>Worth a look.</summary>
    Odd,

    /// <summary>Not well.</summary>
    Bad,
}

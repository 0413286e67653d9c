namespace SharpVisor.Cpu;

/// <summary>How a load or store uses its base register (Arm ARM C1.3.3).</summary>
public enum IndexMode : byte
{
    /// <summary>The address is base plus offset; the base stays.</summary>
    Offset,

    /// <summary>The address is base plus offset; the base becomes it.</summary>
    PreIndex,

    /// <summary>The address is the base; the base becomes base plus offset.</summary>
    PostIndex,
}

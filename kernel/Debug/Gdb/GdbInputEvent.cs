namespace SharpVisor.Debug.Gdb;

/// <summary>What a byte from gdb has made complete.</summary>
public enum GdbInputEvent
{
    /// <summary>Nothing yet.</summary>
    None,

    /// <summary>A packet whose checksum is right.</summary>
    Packet,

    /// <summary>A packet whose checksum is wrong: it is to be sent again.</summary>
    Damaged,

    /// <summary>A packet that is larger than was announced; nothing of it is kept.</summary>
    TooLong,

    /// <summary>Ctrl-C: the target is to stop.</summary>
    Interrupt,

    /// <summary>Our last packet came damaged: it is to be sent again.</summary>
    Repeat,
}

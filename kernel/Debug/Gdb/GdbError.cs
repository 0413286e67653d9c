namespace SharpVisor.Debug.Gdb;

/// <summary>Numbers of error replies; gdb shows them and gives them no meaning.</summary>
public enum GdbError : byte
{
    /// <summary>The packet has the wrong form.</summary>
    Malformed = 0x01,

    /// <summary>There is no such thread.</summary>
    NoThread = 0x02,

    /// <summary>There is no such register, or it cannot be written.</summary>
    NoRegister = 0x03,

    /// <summary>That cannot be done now.</summary>
    Refused = 0x04,

    /// <summary>No memory is there.</summary>
    NoMemory = 0x14,

    /// <summary>The target runs.</summary>
    Running = 0x16,

    /// <summary>The packet is larger than was announced.</summary>
    TooLong = 0x22,
}

using SharpVisor.Debug;

namespace SharpVisor.Drivers;

/// <summary>A UART of the machine.</summary>
public abstract class Uart : SerialLine
{
    private protected Uart(ulong address) => Address = address;

    /// <summary>Address of its registers.</summary>
    public ulong Address { get; }

    /// <summary>INTID of its interrupt; 0 until the machine's interrupt controller is known.</summary>
    public uint Interrupt { get; set; }

    /// <summary>Whether a byte can be written without waiting.</summary>
    public abstract bool CanWrite { get; }

    /// <summary>Lets received bytes interrupt.</summary>
    public abstract void EnableReceive();
}

namespace SharpVisor.Cpu;

/// <summary>
/// SharpVisor's own hypercalls, by HVC in SMCCC's range of vendor-specific hypervisor services (DEN0028, 2.5, 2.6): the
/// numbers, and the answers that do not depend on who asks. README.md has arguments and results.
/// </summary>
public static class VendorFunctions
{
    /// <summary>Who the hypervisor is: a UUID in W0 to W3.</summary>
    public const uint UniqueId = 0x8600_ff01;

    /// <summary>Version of this interface: major in W0, minor in W1.</summary>
    public const uint Revision = 0x8600_ff03;

    /// <summary>Whether there is a function.</summary>
    public const uint Features = 0xc600_0000;

    /// <summary>Text for the VM's console.</summary>
    public const uint ConsoleWrite = 0xc600_0001;

    /// <summary>Which VM and VCpu calls, and how large the VM is.</summary>
    public const uint Identity = 0xc600_0002;

    /// <summary>The VM's name.</summary>
    public const uint Name = 0xc600_0003;

    /// <summary>Others may run first.</summary>
    public const uint Yield = 0xc600_0004;

    /// <summary>A mark with a value, kept with the time.</summary>
    public const uint Mark = 0xc600_0005;

    /// <summary>Ends the VM or starts it anew.</summary>
    public const uint Power = 0xc600_0006;

    /// <summary>Asks for memory that is shared with another VM.</summary>
    public const uint Connect = 0xc600_0010;

    /// <summary>Gives it up.</summary>
    public const uint Disconnect = 0xc600_0011;

    /// <summary>Raises the doorbell interrupt at the other VM.</summary>
    public const uint Ring = 0xc600_0012;

    /// <summary>How a connection stands.</summary>
    public const uint ChannelStatus = 0xc600_0013;

    /// <summary><see cref="Power"/>: as PSCI SYSTEM_OFF.</summary>
    public const ulong PowerOff = 0;

    /// <summary><see cref="Power"/>: as PSCI SYSTEM_RESET.</summary>
    public const ulong PowerReset = 1;

    /// <summary><see cref="Power"/>: the guest cannot go on; what its definition says of crashes is done.</summary>
    public const ulong PowerCrash = 2;

    /// <summary>Major version: changes where a caller of an older one would be misled.</summary>
    public const ulong Major = 1;

    /// <summary>Minor version: changes where something is added.</summary>
    public const ulong Minor = 0;

    /// <summary>Most bytes of one <see cref="ConsoleWrite"/>: X2 to X6.</summary>
    public const ulong LongestWrite = 40;

    /// <summary>Bytes of the name in one answer of <see cref="Name"/>: X1 to X3.</summary>
    public const int NamePart = 24;

    // d3994131-9465-4d90-9f59-ddb3a21b720c, byte 0 of each word lowest (DEN0028, 6.2).
    public const ulong UniqueId0 = 0x3141_99d3;
    public const ulong UniqueId1 = 0x904d_6594;
    public const ulong UniqueId2 = 0xb3dd_599f;
    public const ulong UniqueId3 = 0x0c72_1ba2;

    /// <summary>The answer of <see cref="Features"/>.</summary>
    public static ulong FeaturesOf(uint function)
    {
        switch (function)
        {
            case UniqueId:
            case Revision:
            case Features:
            case ConsoleWrite:
            case Identity:
            case Name:
            case Yield:
            case Mark:
            case Power:
            case Connect:
            case Disconnect:
            case Ring:
            case ChannelStatus:
                return VendorResult.Success;
            default:
                return VendorResult.NotSupported;
        }
    }
}

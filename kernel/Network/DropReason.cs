namespace SharpVisor.Network;

/// <summary>Why a frame went nowhere.</summary>
public enum DropReason
{
    /// <summary>It did not: somebody got it.</summary>
    None,

    /// <summary>It is no Ethernet frame, or what it asks to be done with it makes no sense.</summary>
    Malformed,

    /// <summary>It is longer than its port may send.</summary>
    TooLong,

    /// <summary>The link of its port is down.</summary>
    LinkDown,

    /// <summary>It belongs to no VLAN of its port.</summary>
    Vlan,

    /// <summary>It says it comes from somebody else.</summary>
    Spoofed,

    /// <summary>It says by ARP that somebody else's address is its own.</summary>
    ArpSpoofed,

    /// <summary>Its port has sent too much.</summary>
    RateLimited,

    /// <summary>Nobody that it may reach is where it goes to.</summary>
    NoDestination,

    /// <summary>The receiver had no buffer for it, or none that was large enough.</summary>
    NoBuffer,

    /// <summary>The receiver's filters do not want it, or it has no driver.</summary>
    Unwanted,

    /// <summary>Number of reasons.</summary>
    Count,
}

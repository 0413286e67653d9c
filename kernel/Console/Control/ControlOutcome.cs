namespace SharpVisor.Console;

/// <summary>How a request to <see cref="MachineControl"/> ended. The numbers go over the control channel: they stay.</summary>
internal enum ControlOutcome
{
    /// <summary>Done, or under way where it takes time (shutdown, stop).</summary>
    Ok = 0,

    /// <summary>There is no VM with that number.</summary>
    NoSuchVm = 1,

    /// <summary>The VM is in a state in which that cannot be done.</summary>
    WrongState = 2,

    /// <summary>Not enough memory is free.</summary>
    NoMemory = 3,

    /// <summary>No CPU has room for its VCpus.</summary>
    NoCpu = 4,

    /// <summary>A table is full.</summary>
    NoRoom = 5,

    /// <summary>Its kernel or another image cannot be loaded; the log says why.</summary>
    BadImage = 6,

    /// <summary>The guest takes no such request (it has no power button).</summary>
    GuestCannot = 7,

    /// <summary>There is no such VCpu.</summary>
    NoSuchVCpu = 8,

    /// <summary>This machine or this version cannot do that.</summary>
    NotSupported = 9,

    /// <summary>Another request for that VM is under way.</summary>
    Busy = 10,

    /// <summary>The request has the wrong form, or a value that makes no sense.</summary>
    BadRequest = 11,

    /// <summary>There is no such request.</summary>
    UnknownOperation = 12,

    /// <summary>The request is of a version that is not known.</summary>
    UnknownVersion = 13,

    /// <summary>The boot bundle is refused; nothing was changed.</summary>
    BadBundle = 14,

    /// <summary>There is no such upload.</summary>
    NoSuchUpload = 15,

    /// <summary>The VM has no console, as it has no memory.</summary>
    NoConsole = 16,

    /// <summary>A debugger has the VM.</summary>
    Debugged = 17,

    /// <summary>Who asks is not the VM's debugger, or is it no longer.</summary>
    NoDebugger = 18,
}

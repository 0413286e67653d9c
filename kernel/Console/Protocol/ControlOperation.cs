namespace SharpVisor.Console;

/// <summary>
/// What a frame of the control channel asks for. The numbers go over the line: they stay. Payloads are in README.md;
/// the upper four bits are the group that <see cref="HelloAnswer.Capabilities"/> speaks of.
/// </summary>
internal enum ControlOperation : byte
{
    /// <summary>Begins a session: which versions the client speaks.</summary>
    Hello = 0x01,

    /// <summary>Ends a session.</summary>
    Bye = 0x02,

    /// <summary>Time, numbers of VMs and CPUs, where the log stands, what the channel has seen.</summary>
    Machine = 0x03,

    /// <summary>All VMs.</summary>
    ListVms = 0x10,

    /// <summary>One VM by its number.</summary>
    GetVm = 0x11,

    /// <summary>One VM by its name.</summary>
    FindVm = 0x12,

    /// <summary>The VCpus of one VM or of all.</summary>
    ListVCpus = 0x13,

    /// <summary>All CPUs.</summary>
    ListCpus = 0x14,

    /// <summary>Who has the memory.</summary>
    Memory = 0x15,

    /// <summary>Interrupts in use.</summary>
    ListInterrupts = 0x16,

    /// <summary>A VCpu's registers.</summary>
    Registers = 0x17,

    /// <summary>Gives a defined VM memory, VCpus and devices.</summary>
    Create = 0x20,

    /// <summary>Starts a VM.</summary>
    Start = 0x21,

    /// <summary>Takes a VM off the CPUs.</summary>
    Pause = 0x22,

    /// <summary>Lets a paused VM go on.</summary>
    Resume = 0x23,

    /// <summary>Starts a VM anew.</summary>
    Reset = 0x24,

    /// <summary>Asks the guest to power off.</summary>
    Shutdown = 0x25,

    /// <summary>Pulls the plug.</summary>
    Stop = 0x26,

    /// <summary>Gives back all that a VM has.</summary>
    Destroy = 0x27,

    /// <summary>How much memory a VM's balloon should leave it.</summary>
    SetMemory = 0x28,

    /// <summary>Which lines are logged.</summary>
    GetLogLevel = 0x30,

    /// <summary>Says which lines are logged.</summary>
    SetLogLevel = 0x31,

    /// <summary>The hypervisor's own lines from a position on.</summary>
    ReadLog = 0x32,

    /// <summary>What a VM has written from a position on.</summary>
    ReadConsole = 0x40,

    /// <summary>Types for a VM.</summary>
    WriteConsole = 0x41,

    /// <summary>Begins to send a boot bundle.</summary>
    BeginUpload = 0x50,

    /// <summary>Sends a piece of it.</summary>
    WriteUpload = 0x51,

    /// <summary>It is complete: check it and define its VMs.</summary>
    FinishUpload = 0x52,

    /// <summary>Forgets it.</summary>
    AbortUpload = 0x53,

    /// <summary>Measures the hypervisor's operations.</summary>
    RunBench = 0x60,

    /// <summary>Ends the machine.</summary>
    PowerOff = 0x70,

    /// <summary>Begins to debug a VM.</summary>
    AttachDebugger = 0x80,

    /// <summary>Carries gdb's bytes to it and back.</summary>
    TalkToDebugger = 0x81,

    /// <summary>The debugger has gone.</summary>
    DetachDebugger = 0x82,

    /// <summary>What is traced for this session.</summary>
    SetTrace = 0x90,

    /// <summary>A CPU's records from a position on.</summary>
    ReadTrace = 0x91,

    /// <summary>The disks of a VM.</summary>
    ListDisks = 0xc0,
}

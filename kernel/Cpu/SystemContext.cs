using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SharpVisor.Arch;

namespace SharpVisor.Cpu;

/// <summary>
/// What a guest's EL1 consists of beside the general registers, while its VCpu is on no CPU. boot/context.S saves and
/// loads the block in its order.
/// </summary>
internal sealed class SystemContext
{
    // Places in the block that are not only saved and loaded.
    internal const int Sctlr = 0;
    internal const int Tcr = 1;
    internal const int Ttbr0 = 2;
    internal const int Ttbr1 = 3;
    internal const int Esr = 6;
    internal const int Far = 7;
    internal const int Elr = 10;
    internal const int Spsr = 11;
    internal const int Vbar = 12;
    internal const int SpEl0 = 17;
    internal const int SpEl1 = 18;
    internal const int SimdState = 32;
    private const int MonitorControl = 23;
    private const int OsLock = 26;
    private const int Hcr = 27;
    private const int Vttbr = 28;
    internal const int Vmpidr = 29;
    private const int Cntvoff = 30;
    private const int Mdcr = 31;
    private const int TimerControl = 24;
    private const int TimerCompare = 25;
    private const int RegisterCount = SimdState;
    private const int SimdWords = 66;
    private const int KeyWords = 10;
    private const int DebugWords = 64;

    // SCTLR_EL1 at reset: RES1 bits, MMU and caches off, little endian.
    private const ulong ControlAtReset = 0x30d0_0800;
    private const ulong TrapDebugRegisters = 1 << 9; // MDCR_EL2.TDA
    private const ulong RouteDebugExceptions = 1 << 8; // MDCR_EL2.TDE
    private const ulong MonitorEvents = 1 << 15; // MDSCR_EL1.MDE
    private const ulong SoftwareStep = 1; // MDSCR_EL1.SS
    private const ulong TimerEnabledUnmasked = 1;
    private const ulong TimerControlMask = 3;

    // The EL1 registers, then the SIMD state.
    private readonly ulong[] _registers = new ulong[RegisterCount + SimdWords];
    private readonly ulong[] _keys = new ulong[KeyWords];
    private readonly ulong[] _debug = new ulong[DebugWords];
    private readonly ulong[] _guestDebug = new ulong[DebugWords];
    private ulong _guestMonitor;
    private ulong _guestLock;
    private bool _guestHasDebugRegisters;

    /// <summary>Whether the guest has set a breakpoint or watchpoint since its reset: only then are they switched.</summary>
    internal bool HasDebugRegisters { get; private set; }

    /// <summary>Whether the guest's WFI and WFE trap.</summary>
    internal bool TrapsWaiting { get; private set; }

    /// <summary>CNTVOFF_EL2.</summary>
    internal ulong CounterOffset
    {
        get => _registers[Cntvoff];
        set => _registers[Cntvoff] = value;
    }

    /// <summary>
    /// When the virtual timer raises its interrupt, as a value of the physical counter; <see cref="HypervisorTimer.Never"/>
    /// where it is off or masked. Only while the context is saved.
    /// </summary>
    internal ulong TimerDue => (_registers[TimerControl] & TimerControlMask) == TimerEnabledUnmasked
        ? Sum(_registers[TimerCompare], _registers[Cntvoff])
        : HypervisorTimer.Never;

    /// <summary>Every register that the guest can read becomes what reset makes it: nothing of an earlier guest is left.</summary>
    internal void Reset(ulong translationTable, ulong affinity, ulong configuration, ulong monitor)
    {
        Clear(_registers);
        Clear(_keys);
        Clear(_debug);
        HasDebugRegisters = false;
        HasDebugger = false;
        TrapsWaiting = false;
        _registers[Sctlr] = ControlAtReset;
        _registers[OsLock] = 1; // locked, as after a cold reset
        _registers[Hcr] = configuration;
        _registers[Vttbr] = translationTable;
        _registers[Vmpidr] = affinity;
        _registers[Mdcr] = monitor;
    }

    /// <summary>A register by its place, while the context is saved.</summary>
    internal ulong Read(int place) => _registers[place];

    /// <summary>Writes one, while the context is saved.</summary>
    internal void Write(int place, ulong value) => _registers[place] = value;

    /// <summary>MDSCR_EL1 as the guest has it, where a debugger has the register.</summary>
    internal ref ulong GuestMonitorControl => ref _guestMonitor;

    /// <summary>OSLSR_EL1.OSLK as the guest has it, where a debugger has the lock.</summary>
    internal ref ulong GuestLock => ref _guestLock;

    /// <summary>The guest's own breakpoint and watchpoint registers, where a debugger has them: in the order of boot/context.S.</summary>
    internal ulong[] GuestDebugRegisters => _guestDebug;

    /// <summary>Whether a debugger has the debug registers; the guest's are put by, and its accesses to them trap.</summary>
    internal bool HasDebugger { get; private set; }

    /// <summary>The debugger takes the debug registers, while the context is saved. Its exceptions come to EL2.</summary>
    internal void BeginDebugging()
    {
        if (HasDebugger)
        {
            return;
        }

        HasDebugger = true;
        _guestMonitor = _registers[MonitorControl];
        _guestLock = _registers[OsLock];
        _guestHasDebugRegisters = HasDebugRegisters;
        for (int i = 0; i < DebugWords; i++)
        {
            _guestDebug[i] = _debug[i];
            _debug[i] = 0;
        }

        HasDebugRegisters = true;
        _registers[MonitorControl] = MonitorEvents;
        _registers[OsLock] = 0; // it would hold back breakpoints and steps
        _registers[Mdcr] |= RouteDebugExceptions | TrapDebugRegisters;
    }

    /// <summary>The guest gets the debug registers back, while the context is saved.</summary>
    internal void EndDebugging()
    {
        if (!HasDebugger)
        {
            return;
        }

        HasDebugger = false;
        HasDebugRegisters = _guestHasDebugRegisters;
        for (int i = 0; i < DebugWords; i++)
        {
            HasDebugRegisters |= _guestDebug[i] != 0;
            _debug[i] = _guestDebug[i];
        }

        _registers[MonitorControl] = _guestMonitor;
        _registers[OsLock] = _guestLock;
        _registers[Mdcr] &= ~(RouteDebugExceptions | (HasDebugRegisters ? TrapDebugRegisters : 0));
    }

    /// <summary>Sets a breakpoint or watchpoint register of the debugger's, while the context is saved.</summary>
    /// <param name="place">Its number; a watchpoint's and 16.</param>
    /// <param name="value">DBGBVR or DBGWVR.</param>
    /// <param name="control">DBGBCR or DBGWCR.</param>
    internal void SetDebugRegister(int place, ulong value, ulong control)
    {
        _debug[2 * place] = value;
        _debug[(2 * place) + 1] = control;
    }

    /// <summary>Whether the CPU stops after one instruction whose PSTATE.SS is set, while the context is saved.</summary>
    internal void SetSingleStep(bool isOn) => _registers[MonitorControl] = isOn ? MonitorEvents | SoftwareStep : MonitorEvents;

    /// <summary>Takes the state out of the calling CPU, and stops the virtual timer there. General registers are not part of it.</summary>
    /// <param name="savedSimd">Where V0 to V31 have been saved already (528 bytes), or null: then they are still in the CPU.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal unsafe void Save(ulong* savedSimd)
    {
        Native.SaveSystemContext(ref MemoryMarshal.GetArrayDataReference(_registers));
        if (savedSimd != null)
        {
            for (int i = 0; i < SimdWords; i++)
            {
                _registers[RegisterCount + i] = savedSimd[i];
            }
        }

        if (CpuFeatures.HasPointerAuthentication)
        {
            Native.SavePointerKeys(ref MemoryMarshal.GetArrayDataReference(_keys));
        }

        if (HasDebugRegisters)
        {
            Native.SaveDebugRegisters(ref MemoryMarshal.GetArrayDataReference(_debug), CpuFeatures.LastBreakpoint, CpuFeatures.LastWatchpoint);
        }
    }

    /// <summary>Puts the state into the calling CPU, translation and traps included.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal unsafe void Load()
    {
        Native.LoadSystemContext(ref MemoryMarshal.GetArrayDataReference(_registers));
        if (CpuFeatures.HasPointerAuthentication)
        {
            Native.LoadPointerKeys(ref MemoryMarshal.GetArrayDataReference(_keys));
        }

        if (HasDebugRegisters)
        {
            LoadDebugRegisters();
        }
    }

    /// <summary>The guest sets its first breakpoint or watchpoint: from now on its accesses to them do not trap.</summary>
    internal void TakeUpDebugRegisters()
    {
        HasDebugRegisters = true;
        _registers[Mdcr] &= ~TrapDebugRegisters;
        SystemRegisters.WriteMdcrEl2(_registers[Mdcr]);
        LoadDebugRegisters();
    }

    /// <summary>Lets the guest wait by itself, or traps it. The context is in the calling CPU.</summary>
    internal void SetTrapsWaiting(bool traps)
    {
        const ulong bits = HypervisorConfiguration.TrapWfi | HypervisorConfiguration.TrapWfe;
        TrapsWaiting = traps;
        _registers[Hcr] = traps ? _registers[Hcr] | bits : _registers[Hcr] & ~bits;
        ulong live = SystemRegisters.ReadHcrEl2(); // it also holds the interrupt line of a CPU interface in software
        SystemRegisters.WriteHcrEl2(traps ? live | bits : live & ~bits);
    }

    // A guest's compare value may be far enough away to be never.
    private static ulong Sum(ulong time, ulong offset) => time + offset < time ? HypervisorTimer.Never : time + offset;

    private void LoadDebugRegisters() =>
        Native.LoadDebugRegisters(ref MemoryMarshal.GetArrayDataReference(_debug), CpuFeatures.LastBreakpoint, CpuFeatures.LastWatchpoint);

    // Not Array.Clear: the array's own loop would use SIMD registers, which may be a guest's.
    private static void Clear(ulong[] words)
    {
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = 0;
        }
    }
}

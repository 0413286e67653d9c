using System;
using SharpVisor.Arch;

namespace SharpVisor.Console;

/// <summary>
/// What can be asked of the machine by those that run it: the shell and the control protocol. VMs are named by their
/// numbers, which are never given twice: a request for a VM that has gone meanwhile finds no VM, never another one.
/// </summary>
/// <remarks>
/// <para>
/// One at a time: every call is made between <see cref="Enter"/> and <see cref="Exit"/>, and nothing but a call
/// destroys a VM. So who is inside may hold on to a VM's objects. It is the outermost lock: a caller holds no other.
/// </para>
/// <para>
/// Calls come in the context of an interrupt, with the guest's SIMD registers saved; none waits for a guest or for
/// another CPU. What takes time is begun; the state is at once the one that it will come to, and every request may follow
/// every other before that one is done.
/// </para>
/// </remarks>
internal abstract class MachineControl
{
    /// <summary>Bytes of a record of <see cref="ReadTrace"/>.</summary>
    internal const int TraceRecordSize = 32;

    /// <summary>Most samples that a CPU takes in a second.</summary>
    internal const uint MostSamples = 4000;

    private SpinLock _lock;

    /// <summary>Takes the lock.</summary>
    internal void Enter() => _lock.Enter();

    /// <summary>Gives the lock back.</summary>
    internal void Exit() => _lock.Exit();

    /// <summary>Nanoseconds since the machine's start.</summary>
    internal abstract ulong Now { get; }

    /// <summary>Number of VMs, in whatever state.</summary>
    internal abstract int VmCount { get; }

    /// <summary>Number of CPUs, also of those that take no part.</summary>
    internal abstract int CpuCount { get; }

    /// <summary>A VM by its place in the order of definition, 0 to <see cref="VmCount"/> - 1.</summary>
    internal abstract bool TryGetVm(int place, out VmStatus status);

    /// <summary>A VCpu of a VM. False where there is none, or the VM has no memory.</summary>
    internal abstract bool TryGetVCpu(int vm, int index, out VCpuStatus status);

    /// <summary>An event that a VM's guest has marked.</summary>
    /// <param name="vm">Number of the VM.</param>
    /// <param name="age">0 for the last one, 1 for the one before.</param>
    /// <param name="mark">The event.</param>
    internal abstract bool TryGetMark(int vm, uint age, out MarkStatus mark);

    /// <summary>A VM's disk, by its place. False where there is none, or the VM has no memory.</summary>
    internal abstract bool TryGetDisk(int vm, int index, out VmDiskStatus disk);

    /// <summary>A CPU.</summary>
    internal abstract bool TryGetCpu(int index, out CpuStatus status);

    /// <summary>The machine's memory.</summary>
    internal abstract void GetMemory(out MemoryStatus status);

    /// <summary>An interrupt in use, in the order of INTIDs. False behind the last one.</summary>
    internal abstract bool TryGetInterrupt(int place, out InterruptStatus status);

    /// <summary>A VCpu's registers. The VM must be paused, stopped or crashed, or the VCpu off.</summary>
    internal abstract ControlResult TryReadRegisters(int vm, int index, out VCpuRegisters registers);

    /// <summary>A VM's end of the console; null where it has none (it has no memory).</summary>
    internal abstract VmConsole? ConsoleOf(int vm);

    /// <summary>Gives a defined VM memory, VCpus and devices.</summary>
    internal abstract ControlResult TryCreate(int vm);

    /// <summary>Starts a VM that is created, stopped or crashed; creates it before where it is only defined.</summary>
    internal abstract ControlResult TryStart(int vm);

    /// <summary>Takes a running VM's VCpus off their CPUs.</summary>
    internal abstract ControlResult TryPause(int vm);

    /// <summary>Lets a paused VM go on.</summary>
    internal abstract ControlResult TryResume(int vm);

    /// <summary>Starts a VM anew, whatever its guest does.</summary>
    internal abstract ControlResult TryReset(int vm);

    /// <summary>Asks the guest to power off, where it listens to its power key.</summary>
    internal abstract ControlResult TryShutdown(int vm);

    /// <summary>Pulls the plug.</summary>
    internal abstract ControlResult TryStop(int vm);

    /// <summary>
    /// Gives back all that a VM has; stops it first. It stays defined, unless its definition came as an upload: then
    /// that goes, too, and with the last one the memory of the upload.
    /// </summary>
    internal abstract ControlResult TryDestroy(int vm);

    /// <summary>Says how much memory a VM's balloon should leave it.</summary>
    /// <param name="vm">Number of the VM.</param>
    /// <param name="bytes">What it should have; it is given back as the guest goes along.</param>
    internal abstract ControlResult TrySetMemory(int vm, ulong bytes);

    /// <summary>Begins to debug a VM, which comes to a stop; one that does not run is started, and stands before its first instruction.</summary>
    internal abstract ControlResult TryAttachDebugger(int vm);

    /// <summary>Carries bytes from gdb to a VM that is being debugged, and back.</summary>
    /// <param name="vm">Number of the VM.</param>
    /// <param name="output">How many bytes gdb has had: those need not be kept.</param>
    /// <param name="input">Position of the first of <paramref name="bytes"/>; afterwards how many were taken in all.</param>
    /// <param name="bytes">What gdb has sent.</param>
    /// <param name="answer">Receives what comes behind <paramref name="output"/>.</param>
    /// <param name="count">Bytes of the answer.</param>
    /// <param name="isDone">Whether gdb has said good-bye.</param>
    internal abstract ControlResult TryTalkToDebugger(
        int vm, ulong output, ref ulong input, ReadOnlySpan<byte> bytes, Span<byte> answer, out int count, out bool isDone);

    /// <summary>A VM's debugger has gone.</summary>
    internal abstract void LoseDebugger(int vm);

    /// <summary>Makes room for a boot bundle.</summary>
    /// <param name="length">Bytes of it.</param>
    /// <param name="upload">Its number, for what follows.</param>
    internal abstract ControlResult TryBeginUpload(ulong length, out int upload);

    /// <summary>Takes a piece of a bundle; the same piece may come again.</summary>
    internal abstract ControlResult TryWriteUpload(int upload, ulong offset, ReadOnlySpan<byte> data);

    /// <summary>
    /// Checks a bundle that is complete and defines its VMs. Some work a call: <see cref="ControlOutcome.Busy"/> until all
    /// is checked. A bundle that is refused (<see cref="ControlOutcome.BadBundle"/>) changes nothing, and the upload is gone.
    /// </summary>
    /// <param name="upload">Number of the upload.</param>
    /// <param name="sha256">What its bytes must come to, 32 bytes.</param>
    /// <param name="verdict">What was found; only where the outcome is Ok or BadBundle.</param>
    internal abstract ControlResult TryFinishUpload(int upload, ReadOnlySpan<byte> sha256, out UploadVerdict verdict);

    /// <summary>Gives up an upload that is not finished.</summary>
    internal abstract ControlResult AbortUpload(int upload);

    /// <summary>Which lines are logged.</summary>
    internal abstract ControlResult TryGetLogLevel(out LogLevel level);

    /// <summary>Says which lines are logged.</summary>
    internal abstract ControlResult TrySetLogLevel(LogLevel level);

    /// <summary>Reads the hypervisor's own lines.</summary>
    /// <param name="position">Position to read from; afterwards that of the first byte that was read, as <see cref="OutputRing.Resolve"/> has it.</param>
    /// <param name="buffer">Where they go.</param>
    /// <param name="start">Position of the oldest byte that is kept.</param>
    /// <param name="end">Position behind the newest one.</param>
    /// <returns>Number of bytes.</returns>
    internal abstract int ReadLog(ref ulong position, Span<byte> buffer, out ulong start, out ulong end);

    /// <summary>Ticks of the counter in a second: the times of <see cref="ReadTrace"/>.</summary>
    internal abstract ulong CounterFrequency { get; }

    /// <summary>What the counter was when <see cref="Now"/> was 0.</summary>
    internal abstract ulong CounterAtStart { get; }

    /// <summary>Whether events are traced for the one at the prompt.</summary>
    internal bool IsTracedLocally { get; private protected set; }

    /// <summary>Says whether events are traced for the one at the prompt.</summary>
    internal abstract ControlResult TrySetTraceLocally(bool isOn);

    /// <summary>Says what is traced from now on, for those who ask from afar.</summary>
    /// <param name="events">Whether events are.</param>
    /// <param name="samples">How often in a second each CPU notes what its guest does, up to <see cref="MostSamples"/>.</param>
    internal abstract ControlResult TrySetTrace(bool events, uint samples);

    /// <summary>Reads a CPU's records (<see cref="Debug.TraceKind"/>).</summary>
    /// <param name="cpu">The CPU.</param>
    /// <param name="position">Position of the first that is wanted; afterwards of the first that was read: later where some are lost.</param>
    /// <param name="buffer">Where they go, whole ones.</param>
    /// <param name="end">Position behind the newest.</param>
    /// <returns>Number of records.</returns>
    internal abstract int ReadTrace(int cpu, ref ulong position, Span<byte> buffer, out ulong end);

    /// <summary>Measures the hypervisor's operations on this machine and writes what it found.</summary>
    internal abstract ControlResult TryRunBench(ConsoleWriter output);

    /// <summary>Ends the machine with everything on it. Returns only where it cannot.</summary>
    internal abstract ControlResult TryPowerOff();
}

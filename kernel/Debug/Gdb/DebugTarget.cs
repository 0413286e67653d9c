using System;

namespace SharpVisor.Debug.Gdb;

/// <summary>What is debugged, as far as the remote protocol goes: VCpus that stand still and go on together.</summary>
/// <remarks>
/// Threads are VCpus, from 0 to <see cref="ThreadCount"/> - 1, and registers those of <see cref="DebugRegisters"/>: the
/// caller has checked both. Registers are read and written only while <see cref="IsStopped"/>.
/// </remarks>
public abstract class DebugTarget
{
    /// <summary>Number of VCpus, 1 to 8.</summary>
    public abstract int ThreadCount { get; }

    /// <summary>Whether all of it stands still.</summary>
    public abstract bool IsStopped { get; }

    /// <summary>Why it stands still.</summary>
    public abstract DebugStop Stop { get; }

    /// <summary>Whether single steps let the guest take interrupts.</summary>
    public abstract bool StepsIntoInterrupts { get; set; }

    /// <summary>Reads a register.</summary>
    /// <param name="thread">The VCpu.</param>
    /// <param name="number">The register.</param>
    /// <param name="high">Bits 64 to 127.</param>
    /// <returns>Bits 0 to 63.</returns>
    public abstract ulong ReadRegister(int thread, int number, out ulong high);

    /// <summary>Writes a register; false where it can only be read.</summary>
    public abstract bool TryWriteRegister(int thread, int number, ulong low, ulong high);

    /// <summary>Reads memory as a VCpu would, but without permissions, or by its physical address.</summary>
    /// <param name="thread">The VCpu.</param>
    /// <param name="isPhysical">Whether the address is one of the guest's physical ones.</param>
    /// <param name="address">The first byte.</param>
    /// <param name="destination">Receives the bytes.</param>
    /// <returns>How many are there from the first on.</returns>
    public abstract int ReadMemory(int thread, bool isPhysical, ulong address, Span<byte> destination);

    /// <summary>Writes memory as a VCpu would, but without permissions, or by its physical address; false where a byte is not there.</summary>
    public abstract bool TryWriteMemory(int thread, bool isPhysical, ulong address, ReadOnlySpan<byte> bytes);

    /// <summary>Stops at something from now on. False where that cannot be done.</summary>
    public abstract bool TryInsert(int thread, DebugPoint kind, ulong address, ulong length);

    /// <summary>Stops at it no longer. False where it did not.</summary>
    public abstract bool TryRemove(DebugPoint kind, ulong address, ulong length);

    /// <summary>Lets it stand still as soon as it can.</summary>
    public abstract void Interrupt();

    /// <summary>Lets it go on; false where it cannot.</summary>
    /// <param name="threads">What each VCpu does.</param>
    public abstract bool TryResume(ReadOnlySpan<DebugResume> threads);

    /// <summary>Lets it go on without a debugger.</summary>
    public abstract void Detach();

    /// <summary>Ends it.</summary>
    public abstract void Kill();

    /// <summary>Begins it anew; it stands still before its first instruction.</summary>
    public abstract bool TryRestart();

    /// <summary>Says what a VCpu is and does.</summary>
    public abstract void DescribeThread(int thread, DebugText text);

    /// <summary>Carries out a <c>monitor</c> command.</summary>
    /// <param name="thread">The VCpu that gdb looks at.</param>
    /// <param name="command">As it was typed.</param>
    /// <param name="text">Receives what there is to say.</param>
    public abstract void Monitor(int thread, ReadOnlySpan<byte> command, DebugText text);
}

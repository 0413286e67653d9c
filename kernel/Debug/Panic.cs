using System;
using System.Diagnostics.CodeAnalysis;
using System.Runtime;
using System.Runtime.CompilerServices;
using System.Threading;
using SharpVisor.Arch;

namespace SharpVisor.Debug;

/// <summary>
/// The end of the machine: reason, registers, the syndrome in words and a back-trace by name on the serial line,
/// then power-off with a failing exit code. Reached by bugs of the hypervisor alone, where <see cref="Abandonment"/>
/// cannot keep the damage to one VM.
/// </summary>
public static unsafe class Panic
{
    private const int FrameSp = 31;
    private const int FramePc = 32;
    private const int FramePstate = 33;
    private const int FrameSyndrome = 34;
    private const int FrameFaultAddress = 35;

    private const ulong SynchronousVector = 4; // of a table; those before are with SP_EL0

    private static int s_entered;

    /// <summary>Reports a broken assumption and stops the machine.</summary>
    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Stop(ReadOnlySpan<byte> reason)
    {
        Begin(reason);
        Backtrace.Write(Native.FramePointer());
        End();
    }

    // What .NET would throw: an index out of range, a null reference, an allocation on a sealed heap.
    [RuntimeExport("runtime_failure")]
    private static void RuntimeFailed(int reason)
    {
        Abandonment.TryAbandon(Describe(reason), Native.FramePointer());
        Begin(Describe(reason));
        Backtrace.Write(Native.FramePointer());
        End();
    }

    // An exception taken at EL2 (boot/vectors.S); the frame holds x0-x30, SP, ELR, SPSR, ESR, FAR.
    [RuntimeExport("hypervisor_exception")]
    private static void ExceptionAtEl2(ulong* frame, ulong vector)
    {
        if (vector == SynchronousVector)
        {
            Abandonment.TryAbandon("exception in the hypervisor"u8, frame[29], frame[FramePc], frame[FrameSyndrome], frame[FrameFaultAddress]);
        }

        Begin(vector switch
        {
            SynchronousVector => "exception in the hypervisor"u8,
            SynchronousVector + 1 or SynchronousVector + 2 => "interrupt while masked"u8,
            SynchronousVector + 3 => "system error (SError) in the hypervisor"u8,
            _ => "exception with the wrong stack"u8,
        });

        Span<byte> words = stackalloc byte[160];
        int length = EsrDescription.Write(new Esr(frame[FrameSyndrome]), words);
        Log.PanicLine().Text("  ESR "u8).Hex(frame[FrameSyndrome], 16).Text("  "u8).Text(words.Slice(0, length)).EndPanic();
        Log.PanicLine().Text("  FAR "u8).Hex(frame[FrameFaultAddress], 16).Text("  PC "u8).Hex(frame[FramePc], 16)
            .Text("  PSTATE "u8).Hex(frame[FramePstate], 8).EndPanic();
        for (int i = 0; i < 32; i += 3)
        {
            LogLine line = Log.PanicLine().Text(" "u8);
            for (int j = i; j < i + 3 && j < 32; j++)
            {
                line = j == FrameSp ? line.Text("  SP  "u8) : line.Text(j < 10 ? "  X"u8 : " X"u8).Decimal((ulong)j).Text("  "u8);
                line = line.Hex(frame[j], 16);
            }

            line.EndPanic();
        }

        Backtrace.WriteFrame(frame[FramePc]);
        Backtrace.WriteFrame(frame[30]);
        Backtrace.Write(frame[29]);
        End();
    }

    private static void Begin(ReadOnlySpan<byte> reason)
    {
        if (Interlocked.Increment(ref s_entered) != 1)
        {
            Native.Park(); // another CPU reports, or the report itself failed
        }

        Log.PanicLine().Text("\r\nsharpvisor: PANIC: "u8).Text(reason).EndPanic();
    }

    [DoesNotReturn]
    private static void End()
    {
        Log.PanicLine().Text("sharpvisor: machine stopped, exit code 2"u8).EndPanic();
        Machine.PowerControl.Off();
        Native.Park();
    }

    private static ReadOnlySpan<byte> Describe(int reason) => reason switch
    {
        Internal.Runtime.RuntimeFailure.IndexOutOfRange => "index out of range"u8,
        Internal.Runtime.RuntimeFailure.NullReference => "null reference"u8,
        Internal.Runtime.RuntimeFailure.Overflow => "arithmetic overflow"u8,
        Internal.Runtime.RuntimeFailure.DivideByZero => "division by zero"u8,
        Internal.Runtime.RuntimeFailure.InvalidCast => "invalid cast"u8,
        Internal.Runtime.RuntimeFailure.ArrayTypeMismatch => "wrong type for an array element"u8,
        Internal.Runtime.RuntimeFailure.ArgumentOutOfRange => "argument out of range"u8,
        Internal.Runtime.RuntimeFailure.OutOfMemory => "out of memory in the open heap region"u8,
        Internal.Runtime.RuntimeFailure.AllocationWhileSealed => "allocation while the heap is sealed"u8,
        Internal.Runtime.RuntimeFailure.HeapMisuse => "heap opened twice"u8,
        Internal.Runtime.RuntimeFailure.Thrown => "exception thrown"u8,
        Internal.Runtime.RuntimeFailure.StackCookie => "stack overwritten"u8,
        _ => "feature of .NET that is not there"u8,
    };
}

using System;
using System.Threading;
using SharpVisor.Debug;

namespace SharpVisor.Cpu;

/// <summary>
/// Lines about what a guest did. Each names VM, VCpu and PC. A guest cannot flood the console with them: after
/// a number of lines the rest of that VM's are dropped, and the last line says so.
/// </summary>
internal static class GuestLog
{
    private const int LinesPerVm = 64;

    /// <summary>What happened, without more.</summary>
    internal static void Report(VCpu vcpu, ReadOnlySpan<byte> what)
    {
        if (TryBegin(vcpu, out LogLine line))
        {
            line.Text(what).End();
        }
    }

    /// <summary>What happened, and the trap's syndrome.</summary>
    internal static void Report(VCpu vcpu, ReadOnlySpan<byte> what, ulong syndrome)
    {
        if (TryBegin(vcpu, out LogLine line))
        {
            line.Text(what).Text(" (ESR "u8).Hex(syndrome).Text(")"u8).End();
        }
    }

    /// <summary>Begins a line where the VM may still write one; the caller ends it.</summary>
    internal static bool TryBegin(VCpu vcpu, out LogLine line) => TryBegin(vcpu, Severity.Warning, out line);

    /// <summary>As <see cref="Report(VCpu, ReadOnlySpan{byte})"/>, for who looks for a fault: nothing is wrong.</summary>
    internal static void Detail(VCpu vcpu, ReadOnlySpan<byte> what)
    {
        if (TryBegin(vcpu, Severity.Detail, out LogLine line))
        {
            line.Text(what).End();
        }
    }

    private static bool TryBegin(VCpu vcpu, Severity severity, out LogLine line)
    {
        line = default;
        if (Log.Threshold < severity)
        {
            return false;
        }

        int lines = Interlocked.Increment(ref vcpu.Vm!.LogLines);
        if (lines > LinesPerVm)
        {
            vcpu.Vm.LogLines = LinesPerVm + 1;
            return false;
        }

        line = Begin(vcpu, severity);
        if (lines == LinesPerVm)
        {
            line.Text("many messages: no more from this VM"u8).End();
            return false;
        }

        return true;
    }

    /// <summary>Begins a line that is always written: the end of a VM.</summary>
    internal static LogLine Begin(VCpu vcpu) => Begin(vcpu, Severity.Error);

    private static LogLine Begin(VCpu vcpu, Severity severity) =>
        Log.Line(severity).Text(vcpu.Vm!.Name).Text(" vcpu"u8).Decimal((ulong)vcpu.Index).Text(" at pc "u8).Hex(vcpu.Pc).Text(": "u8);
}

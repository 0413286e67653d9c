using System.Collections.Generic;
using System.Diagnostics;
using Xunit;

namespace SharpVisor.Tests.Machine;

/// <summary>Programs of this computer that make and check what machines are given. Where one is not there, the test is skipped.</summary>
internal static class HostProgram
{
    /// <summary>Runs one, quietly unless it fails.</summary>
    internal static void Run(string program, params IReadOnlyList<string> arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, $"{program}: {output}");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip($"{program} is not there: apt-get install e2fsprogs");
        }
    }
}

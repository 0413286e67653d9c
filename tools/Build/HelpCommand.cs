using System;
using System.Threading.Tasks;

namespace SharpVisor.Build;

/// <summary>The verb <c>help</c>: verbs and variables on one page of 80 columns.</summary>
internal static class HelpCommand
{
    internal static Task<int> ExecuteAsync(Settings settings)
    {
        Console.WriteLine("SharpVisor, a type-1 hypervisor for arm64 in C#");
        Console.WriteLine();
        Console.WriteLine("  make VERB [NAME=VALUE ...]          on Linux and macOS");
        Console.WriteLine("  ./build.ps1 VERB [NAME=VALUE ...]   in PowerShell");
        Console.WriteLine();
        foreach (Verb verb in Verbs.All)
        {
            Console.WriteLine($"  {verb.Name,-9} {verb.Meaning}");
        }

        Console.WriteLine();
        foreach (Variable variable in Variables.All)
        {
            string name = variable.Initial.Length == 0 ? variable.Name : $"{variable.Name}={variable.Initial}";
            string margin = name.Length > 22 ? Environment.NewLine + new string(' ', 25) : new string(' ', 23 - name.Length);
            string meaning = variable.Meaning.Replace("\n", Environment.NewLine + new string(' ', 25), StringComparison.Ordinal);
            Console.WriteLine($"  {name}{margin}{meaning}");
        }

        return Task.FromResult(0);
    }
}

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SharpVisor.Build.Checks;
using SharpVisor.Build.Elf;

namespace SharpVisor.Build.Pipeline;

/// <summary>The rules that a program must keep (see Checks/): broken ones fail the build, all of them named at once.</summary>
internal sealed class CheckStep(StepCache cache)
{
    /// <summary>What can be told from the objects: before the linker stumbles over it with less to say.</summary>
    internal Task CheckObjectsAsync(FreestandingProgram program, IReadOnlyList<string> assembled) =>
        RunAsync(program, "objects", [program.ManagedObject, program.CompilerLog, .. assembled], () =>
        {
            ElfFile managed = Read(program.ManagedObject);
            HashSet<string> defined = assembled.SelectMany(path => Read(path).Symbols).Where(IsExported).Select(symbol => symbol.Name).ToHashSet();
            List<string> errors =
            [
                .. PreinitialisationCheck.Run(File.ReadAllText(program.CompilerLog), managed.Symbols.Select(symbol => symbol.Name).Distinct()),
                .. RuntimeHelperCheck.Run(RuntimeHelperCheck.References(managed, program.Name), defined.Union(LinkerSymbols(program)).ToHashSet()),
            ];
            return (errors, []);
        });

    /// <summary>What only the linked program tells. The functions on hot paths are listed in hot-paths.checked.</summary>
    internal Task CheckCodeAsync(FreestandingProgram program) =>
        RunAsync(program, "hot paths", [program.Elf], () =>
        {
            HotPathReport report = HotPathCheck.Run(CodeImage.FromElf(Read(program.Elf), program.Name));
            return (report.Errors, report.Functions);
        });

    private async Task RunAsync(FreestandingProgram program, string what, IReadOnlyList<string> inputs, Func<(IReadOnlyList<string> Errors, IReadOnlyList<string> Seen)> check)
    {
        string done = Path.Combine(program.Intermediate, what.Replace(' ', '-') + ".checked");

        // A new tool may have new rules.
        string[] flags = [typeof(CheckStep).Module.ModuleVersionId.ToString()];
        await cache.RunAsync("check", $"{what} of {program.Name}", flags, inputs, [done], () =>
        {
            (IReadOnlyList<string> errors, IReadOnlyList<string> seen) = check();
            if (errors.Count > 0)
            {
                throw new BuildException(string.Join('\n', errors));
            }

            return File.WriteAllLinesAsync(done, seen);
        });
    }

    /// <summary>Names that the linker script assigns: they are in none of the objects.</summary>
    private static IEnumerable<string> LinkerSymbols(FreestandingProgram program) =>
        from line in File.ReadLines(program.LinkerScript)
        let words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        from i in Enumerable.Range(0, Math.Max(0, words.Length - 1))
        where words[i + 1] == "="
        select words[i];

    private static bool IsExported(ElfSymbol symbol) => symbol.IsDefined && symbol.IsGlobal;

    private static ElfFile Read(string path) => new(File.ReadAllBytes(path));
}

using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SharpVisor.Build.Elf;
using SharpVisor.Build.Symbols;

namespace SharpVisor.Build.Pipeline;

/// <summary>
/// Objects to the linked program, and that to the image. A program with a symbol table is linked twice: the table
/// is made from the first outcome and lies behind the code, so that no function moves (which is checked).
/// </summary>
internal sealed class LinkStep(StepCache cache, string lld, AssembleStep assembler)
{
    private static readonly string[] s_options =
    [
        "-pie", "--no-dynamic-linker", "-z", "notext", "-z", "max-page-size=4096", "--pack-dyn-relocs=relr", "--fix-cortex-a53-843419",
        "--build-id=none", "--fatal-warnings",
    ];

    internal async Task RunAsync(FreestandingProgram program, IReadOnlyList<string> objects)
    {
        if (program.HasSymbolTable)
        {
            string first = Path.Combine(program.Intermediate, program.Name + ".first.elf");
            await LinkAsync(program, objects, first);
            string table = Path.Combine(program.Intermediate, "symbols.bin");
            await cache.RunAsync("symbols", Repository.Shorten(table), [program.Name], [first], [table], () => MakeTableAsync(program, first, table));
            string tableObject = await assembler.RunAsync(program, Repository.Combine("linker/symbols.S"), [table]);
            await LinkAsync(program, [.. objects, tableObject], program.Elf);
            RequireSameCode(first, program.Elf);
        }
        else
        {
            await LinkAsync(program, objects, program.Elf);
        }

        await cache.RunAsync("image", Repository.Shorten(program.Image), [], [program.Elf], [program.Image], () => MakeImageAsync(program));
    }

    private Task LinkAsync(FreestandingProgram program, IReadOnlyList<string> objects, string output)
    {
        string[] arguments = [.. s_options, "-T", program.LinkerScript, .. objects, "-o", output];
        return cache.RunAsync("link", Repository.Shorten(output), [lld, .. arguments], [program.LinkerScript, .. objects], [output], async () =>
        {
            ProcessResult result = await ChildProcess.CaptureAsync(lld, arguments);
            if (result.ExitCode != 0)
            {
                throw new BuildException($"{result.Output.TrimEnd()}\n{lld} failed with exit code {result.ExitCode}.");
            }
        });
    }

    private static async Task MakeTableAsync(FreestandingProgram program, string elf, string table)
    {
        IReadOnlyList<(ulong Address, string Name)> functions = SymbolTable.Functions(await ReadAsync(elf), program.Name);
        await File.WriteAllBytesAsync(table, SymbolTable.Encode(functions));
    }

    /// <summary>Both links put every symbol of the code at the same address, or the table would lie.</summary>
    private static void RequireSameCode(string first, string second)
    {
        static List<(string, ulong)> Code(string path)
        {
            ElfFile elf = new(File.ReadAllBytes(path));
            return elf.Symbols
                .Where(symbol => symbol.IsDefined && symbol.Section < elf.Sections.Count && elf.Sections[symbol.Section].IsExecutable)
                .Select(symbol => (symbol.Name, symbol.Value))
                .ToList();
        }

        if (!Code(first).SequenceEqual(Code(second)))
        {
            throw new BuildException("The symbol table moved the code: its section must stand behind .text in linker/hypervisor.ld.");
        }
    }

    private static async Task MakeImageAsync(FreestandingProgram program)
    {
        byte[] image = RawImage.FromSegments((await ReadAsync(program.Elf)).LoadSegments());
        if (program.LargestImage != 0 && image.Length > program.LargestImage)
        {
            throw new BuildException($"{Repository.Shorten(program.Image)} has {image.Length} bytes; it may have {program.LargestImage}.");
        }

        await File.WriteAllBytesAsync(program.Image, image);
    }

    private static async Task<ElfFile> ReadAsync(string path) => new(await File.ReadAllBytesAsync(path));
}

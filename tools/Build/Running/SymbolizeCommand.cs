using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using SharpVisor.Build.Elf;
using SharpVisor.Build.Setup;
using SharpVisor.Build.Symbols;

namespace SharpVisor.Build.Running;

/// <summary>
/// The verb <c>symbolize</c>: the C# lines of a report that a machine wrote when the hypervisor failed. gdb reads them out of the
/// image's DWARF.
/// </summary>
internal static partial class SymbolizeCommand
{

    internal static async Task<int> ExecuteAsync(Settings settings)
    {
        string file = settings[Variables.Report];
        if (file.Length == 0 && !Console.IsInputRedirected)
        {
            Console.Error.WriteLine("Paste the report, then Ctrl-D:");
        }

        string text = file.Length == 0 ? await Console.In.ReadToEndAsync() : await File.ReadAllTextAsync(file);
        Console.Out.Write(await AnnotateAsync(text));
        return 0;
    }

    /// <summary>The report, with a line of C# behind each frame.</summary>
    /// <exception cref="BuildException">It is none, or of another image; or gdb is missing.</exception>
    internal static async Task<string> AnnotateAsync(string report)
    {
        if (!File.Exists(Repository.Elf))
        {
            throw new BuildException("build/sharpvisor.elf is not there: make build makes it; it must be of the version that wrote the report.");
        }

        string[] lines = report.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
        ElfFile elf = new(await File.ReadAllBytesAsync(Repository.Elf));
        PanicReport parsed = PanicReport.Read(lines, SymbolTable.Functions(elf, "sharpvisor"));
        Dictionary<ulong, string> places = await FindLinesAsync([.. parsed.Frames.Values.Distinct()]);
        StringWriter output = new() { NewLine = "\n" };
        for (int i = 0; i < lines.Length; i++)
        {
            output.WriteLine(parsed.Frames.TryGetValue(i, out ulong address) && places.TryGetValue(address, out string? place)
                ? $"{lines[i].TrimEnd()}  {place}"
                : lines[i]);
        }

        return output.ToString();
    }

    private static async Task<Dictionary<ulong, string>> FindLinesAsync(IReadOnlyList<ulong> addresses)
    {
        string gdb = await Toolbox.RequireAsync(Tools.Gdb);
        List<string> words = ["-q", "-nx", "-batch", Repository.Elf];
        foreach (ulong address in addresses)
        {
            words.AddRange(["-ex", string.Create(CultureInfo.InvariantCulture, $"echo \\n@{address:x}\\n"), "-ex", string.Create(CultureInfo.InvariantCulture, $"info line *0x{address:x}")]);
        }

        ProcessResult result = await ChildProcess.CaptureAsync(gdb, words);
        Dictionary<ulong, string> places = [];
        foreach (string part in result.Output.Split("\n@").Skip(1))
        {
            Match line = Line().Match(part);
            ulong address = ulong.Parse(part[..part.IndexOf('\n', StringComparison.Ordinal)], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            if (line.Success)
            {
                string path = line.Groups[2].Value;
                string root = Repository.Root.TrimEnd('/') + "/";
                path = path.StartsWith("/_/", StringComparison.Ordinal) ? path[3..] : path.StartsWith(root, StringComparison.Ordinal) ? path[root.Length..] : path;
                places[address] = $"{path}:{line.Groups[1].Value}";
            }
        }

        return places;
    }

    [GeneratedRegex(@"Line (\d+) of ""([^""]+)""")]
    private static partial Regex Line();
}

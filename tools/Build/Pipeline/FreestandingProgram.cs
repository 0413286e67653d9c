using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace SharpVisor.Build.Pipeline;

/// <summary>A program that runs on a bare machine: what it is made of and what is made of it.</summary>
internal sealed record FreestandingProgram
{
    /// <summary>Name of its assembly, which is the system module at the same time.</summary>
    internal required string Name { get; init; }

    /// <summary>The project that makes the IL.</summary>
    internal required string Project { get; init; }

    /// <summary>Folders with the C# that the project compiles.</summary>
    internal required IReadOnlyList<string> SourceFolders { get; init; }

    /// <summary>Assembly files.</summary>
    internal required IReadOnlyList<string> AssemblyFiles { get; init; }

    internal required string LinkerScript { get; init; }

    /// <summary>The linked program with all its debug information.</summary>
    internal required string Elf { get; init; }

    /// <summary>The same as bytes to be put into memory.</summary>
    internal required string Image { get; init; }

    /// <summary>Bytes that the image may have at most; 0: any number.</summary>
    internal int LargestImage { get; init; }

    /// <summary>Whether the image holds a table of its functions' names.</summary>
    internal bool HasSymbolTable { get; init; }

    /// <summary>Folder for what is made on the way.</summary>
    internal string Intermediate => Path.Combine(Repository.Intermediate, Name);

    /// <summary>Where MSBuild leaves the IL: UseArtifactsOutput's layout.</summary>
    internal string Il => Path.Combine(Repository.Output, "dotnet", "bin", Path.GetFileNameWithoutExtension(Project), "release", Name + ".dll");

    /// <summary>Where linker/Freestanding.props writes the folder of the compiler that it pins.</summary>
    internal string IlcFolderFile => Path.Combine(Repository.Output, "dotnet", "obj", Path.GetFileNameWithoutExtension(Project), "release", "ilc-folder.txt");

    internal string ManagedObject => Path.Combine(Intermediate, Name + ".o");

    /// <summary>What ilc said: the checks read it.</summary>
    internal string CompilerLog => Path.Combine(Intermediate, Name + ".ilc.log");

    /// <summary>The hypervisor.</summary>
    internal static FreestandingProgram Hypervisor { get; } = new()
    {
        Name = "sharpvisor",
        Project = Repository.Combine("kernel/Kernel.csproj"),
        SourceFolders = [Repository.Combine("kernel"), Repository.Combine("drivers")],
        AssemblyFiles = FilesIn(Repository.Combine("boot"), "*.S"),
        LinkerScript = Repository.Combine("linker/hypervisor.ld"),
        Elf = Repository.Elf,
        Image = Repository.Image,
        LargestImage = 512 << 10,
        HasSymbolTable = true,
    };

    /// <summary>The guest that the hypervisor's image carries.</summary>
    internal const string EmbeddedGuest = "hello";

    /// <summary>The test guests: the folders of tests/Guests that hold a Guest.cs.</summary>
    internal static IReadOnlyList<FreestandingProgram> Guests()
    {
        string guests = Repository.Combine("tests/Guests");
        return Directory.GetDirectories(guests)
            .Where(folder => File.Exists(Path.Combine(folder, "Guest.cs")))
            .Select(Path.GetFileName)
            .Order()
            .Select(name => Guest(guests, name!))
            .ToList();
    }

    private static FreestandingProgram Guest(string guests, string name)
    {
        string folder = Path.Combine(guests, name);
        string shared = Path.Combine(guests, "Shared");
        return new FreestandingProgram
        {
            Name = name,
            Project = Path.Combine(folder, name + ".csproj"),
            SourceFolders = [Repository.Combine("kernel/Runtime"), shared, folder],
            AssemblyFiles = [.. FilesIn(shared, "*.S"), .. FilesIn(folder, "*.S"), Repository.Combine("boot/compiler.S")],
            LinkerScript = Repository.Combine("linker/guest.ld"),
            Elf = Repository.GuestElf(name),
            Image = Repository.GuestImage(name),
        };
    }

    private static List<string> FilesIn(string folder, string pattern) => Directory.GetFiles(folder, pattern).Order().ToList();
}

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using SharpVisor.Bundles;
using SharpVisor.Bundles.Definitions;

namespace SharpVisor.Tests.Unit.Bundles;

/// <summary>A folder with a file of definitions and the images it may name; it goes with this object.</summary>
internal sealed class DefinitionFolder : IDisposable
{
    internal const string Kernel = "Image";
    internal const string Ramdisk = "initrd.gz";

    internal DefinitionFolder()
    {
        Path = Directory.CreateTempSubdirectory("sharpvisor-bundles").FullName;
        Add(Kernel, [1, 2, 3, 4]);
        Add(Ramdisk, new byte[5000]);
        Add("empty", []);
        Directory.CreateDirectory(In("folder"));
    }

    internal string Path { get; }

    internal string In(string name) => System.IO.Path.Combine(Path, name);

    internal void Add(string name, byte[] bytes) => File.WriteAllBytes(In(name), bytes);

    internal IReadOnlyList<VmSpecification> Read(string text, out IReadOnlyList<DefinitionError> errors)
    {
        File.WriteAllText(In("vms.toml"), text);
        return DefinitionReader.Read(In("vms.toml"), out errors);
    }

    /// <summary>The mistakes as people see them, the folder left out.</summary>
    internal IReadOnlyList<string> Mistakes(string text)
    {
        Read(text, out IReadOnlyList<DefinitionError> errors);
        return errors.Select(error => error.ToString().Replace(Path + System.IO.Path.DirectorySeparatorChar, "", StringComparison.Ordinal)).ToList();
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

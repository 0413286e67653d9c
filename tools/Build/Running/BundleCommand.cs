using System;
using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;
using SharpVisor.Bundles;
using SharpVisor.Bundles.Definitions;

namespace SharpVisor.Build.Running;

/// <summary>The verb <c>bundle</c>: from a file of VM definitions (VMS=) to a boot bundle (OUT=).</summary>
internal static class BundleCommand
{
    private const string Extension = ".itb";

    internal static Task<int> ExecuteAsync(Settings settings)
    {
        if (!settings.IsGiven(Variables.Definitions))
        {
            throw new BuildException("bundle needs a file of VM definitions: VMS=path.toml (tools/Bundles/README.md).", BuildException.WrongUsage);
        }

        string definitions = settings[Variables.Definitions];
        string output = settings.IsGiven(Variables.Output) ? settings[Variables.Output] : Path.ChangeExtension(definitions, Extension);
        if (Path.GetFullPath(output) == Path.GetFullPath(definitions))
        {
            throw new BuildException($"OUT={output} is the file of definitions itself.", BuildException.WrongUsage);
        }

        try
        {
            IReadOnlyList<VmSpecification> vms = DefinitionReader.Read(definitions, out IReadOnlyList<DefinitionError> errors);
            if (errors.Count > 0)
            {
                throw new BuildException(string.Join(Environment.NewLine, errors), BuildException.WrongUsage);
            }

            byte[] bundle = BundleWriter.Write(vms, hashed: true);
            BundleFile.Write(output, bundle);
            Console.WriteLine($"{output}: {vms.Count} virtual machine{(vms.Count == 1 ? "" : "s")}, {bundle.Length} bytes");
            return Task.FromResult(0);
        }
        catch (InvalidDataException exception)
        {
            throw new BuildException($"{definitions}: {exception.Message}", BuildException.WrongUsage);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BuildException(exception.Message);
        }
    }
}

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using SharpVisor.Formats;
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace SharpVisor.Bundles.Definitions;

/// <summary>
/// Reads a file of VM definitions (README.md of tools/Bundles has the keys). All mistakes are found in one go, each
/// with its place.
/// </summary>
public sealed class DefinitionReader
{
    private const string Example = "[[vm]]";

    private readonly string _file;
    private readonly DefinitionErrors _errors;
    private readonly List<TomlTable> _tables = [];

    private DefinitionReader(string file)
    {
        _file = file;
        _errors = new DefinitionErrors(file);
    }

    /// <summary>Reads a file and the images that it names.</summary>
    /// <param name="file">The file; paths in it count from its folder.</param>
    /// <param name="errors">What is wrong, in the order of the file; empty where nothing is.</param>
    /// <returns>The machines; empty where something is wrong.</returns>
    /// <exception cref="IOException">The file itself cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    public static IReadOnlyList<VmSpecification> Read(string file, out IReadOnlyList<DefinitionError> errors)
    {
        DefinitionReader reader = new(file);
        IReadOnlyList<VmSpecification> vms = reader.Read(File.ReadAllText(file));
        errors = reader._errors.ToList();
        return errors.Count == 0 ? vms : [];
    }

    private IReadOnlyList<VmSpecification> Read(string text)
    {
        // The last line is closed, for Tomlyn throws where a file ends behind a backslash.
        DocumentSyntax document = SyntaxParser.Parse(text + "\n", _file, validate: false);
        foreach (DiagnosticMessage message in document.Diagnostics.Where(message => message.Kind == DiagnosticMessageKind.Error))
        {
            _errors.Add(message.Span.Start, message.Message.TrimEnd('.'), "see toml.io for how TOML is written");
        }

        bool canTellMissing = !_errors.Any; // behind a syntax error, what is missing may just not have been understood
        FindTables(document);
        ImageFiles images = new(Path.GetDirectoryName(Path.GetFullPath(_file))!);
        Dictionary<string, TextPosition> names = [];
        List<VmSpecification> vms = [];
        foreach (TomlTable table in _tables)
        {
            VmSpecification? vm = new VmReader(new TableReader(table, _errors), images, names, canTellMissing).Read();
            if (vm is not null)
            {
                vms.Add(vm);
            }
        }

        if (canTellMissing && _tables.Count == 0 && !_errors.Any)
        {
            _errors.Add(default, "no virtual machine is defined", $"begin each with {Example}");
        }

        if (_tables.Count > Bundle.MaximumVms)
        {
            _errors.Add(_tables[Bundle.MaximumVms].Position, "too many virtual machines", $"a bundle holds at most {Bundle.MaximumVms}");
        }

        return vms;
    }

    private void FindTables(DocumentSyntax document)
    {
        foreach (KeyValueSyntax line in document.KeyValues)
        {
            if (line.Key is not null)
            {
                string name = string.Join('.', TomlTable.Path(line.Key));
                _errors.Add(line.Key.Span.Start, $"{TableReader.Quote(name)} belongs to no virtual machine", $"each virtual machine is a table that begins with {Example}");
            }
        }

        foreach (TableSyntaxBase header in document.Tables)
        {
            TomlTable? table = Open(header);
            foreach (KeyValueSyntax line in header.Items)
            {
                table?.Add(line, _errors);
            }
        }
    }

    /// <summary>The table that a header begins: <c>[[vm]]</c>, or <c>[vm.realtime]</c> for a table inside the one above.</summary>
    private TomlTable? Open(TableSyntaxBase header)
    {
        if (header.Name is null)
        {
            return null; // a syntax error, told already
        }

        List<string> path = TomlTable.Path(header.Name);
        TextPosition place = header.Span.Start;
        if (path is ["vm"] && header is TableArraySyntax)
        {
            _tables.Add(new TomlTable(place));
            return _tables[^1];
        }

        if (path is ["vm", string list] && header is TableArraySyntax && _tables.Count > 0)
        {
            return _tables[^1].AddToList(list, place);
        }

        if (path is ["vm", string inner] && header is TableSyntax && _tables.Count > 0)
        {
            return _tables[^1].AddTable(inner, place, _errors);
        }

        _errors.Add(place, $"{header.Name} is no table of a virtual machine".Replace("\n", "", StringComparison.Ordinal), $"write {Example}");
        return null;
    }
}

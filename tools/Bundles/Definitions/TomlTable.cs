using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Tomlyn.Syntax;

namespace SharpVisor.Bundles.Definitions;

/// <summary>The keys of a TOML table with their places, however they were written: on lines of their own, dotted, or inline.</summary>
internal sealed class TomlTable(TextPosition position)
{
    private readonly Dictionary<string, TomlEntry> _entries = [];

    /// <summary>Where the table begins.</summary>
    internal TextPosition Position { get; } = position;

    internal IReadOnlyDictionary<string, TomlEntry> Entries => _entries;

    /// <summary>Lists of tables inside this one, as <c>[[vm.network]]</c> begins them.</summary>
    internal Dictionary<string, List<TomlTable>> Lists { get; } = [];

    /// <summary>Adds a table to a list.</summary>
    internal TomlTable AddToList(string name, TextPosition place)
    {
        if (!Lists.TryGetValue(name, out List<TomlTable>? list))
        {
            Lists.Add(name, list = []);
        }

        list.Add(new TomlTable(place));
        return list[^1];
    }

    /// <summary>Adds what <c>key = value</c> says.</summary>
    internal void Add(KeyValueSyntax line, DefinitionErrors errors)
    {
        if (line.Key is null)
        {
            return; // a syntax error, told already
        }

        List<string> path = Path(line.Key);
        TextPosition place = line.Key.Span.Start;
        TomlTable? table = this;
        foreach (string part in path.SkipLast(1))
        {
            table = table?.AddTable(part, place, errors);
        }

        if (table is null)
        {
            return;
        }

        if (line.Value is not InlineTableSyntax inline)
        {
            table.Add(path[^1], new TomlEntry(place, line.Value, null), errors);
            return;
        }

        TomlTable inner = new(inline.Span.Start);
        foreach (InlineTableItemSyntax item in inline.Items)
        {
            if (item.KeyValue is not null)
            {
                inner.Add(item.KeyValue, errors);
            }
        }

        table.Add(path[^1], new TomlEntry(place, inline, inner), errors);
    }

    /// <summary>The table of that name inside this one, which is made where there is none. Null, with the mistake told, where it is a value.</summary>
    internal TomlTable? AddTable(string name, TextPosition place, DefinitionErrors errors)
    {
        if (_entries.TryGetValue(name, out TomlEntry? entry) && entry.Table is not null)
        {
            return entry.Table;
        }

        TomlTable table = new(place);
        return Add(name, new TomlEntry(place, null, table), errors) ? table : null;
    }

    /// <summary>The parts of a key, quotes undone.</summary>
    internal static List<string> Path(KeySyntax key) =>
        [Name(key.Key), .. key.DotKeys.Select(dotted => Name(dotted.Key))];

    private static string Name(BareKeyOrStringValueSyntax? key) => key switch
    {
        BareKeySyntax bare => bare.Key?.Text ?? "",
        StringValueSyntax quoted => quoted.Value ?? "",
        _ => "",
    };

    private bool Add(string name, TomlEntry entry, DefinitionErrors errors)
    {
        if (_entries.TryAdd(name, entry))
        {
            return true;
        }

        TextPosition first = _entries[name].Position;
        errors.Add(
            entry.Position,
            string.Create(CultureInfo.InvariantCulture, $"{name} is given twice, first in line {first.Line + 1}"),
            "leave one of them");
        return false;
    }
}

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Tomlyn.Syntax;

namespace SharpVisor.Bundles.Definitions;

/// <summary>
/// Takes the keys out of a table, each with the form that it must have. A mistake is told at its place and the key then
/// counts as absent, so that reading goes on. In the end, what nobody asked for is unknown.
/// </summary>
internal sealed class TableReader(TomlTable table, DefinitionErrors errors)
{
    private readonly HashSet<string> _asked = [];
    private readonly Dictionary<string, string> _missing = [];

    /// <summary>A key that may be absent.</summary>
    internal TomlEntry? Find(string name)
    {
        _asked.Add(name);
        return table.Entries.GetValueOrDefault(name);
    }

    /// <summary>A key that must be there.</summary>
    internal TomlEntry? Require(string name, string example)
    {
        TomlEntry? entry = Find(name);
        if (entry is null)
        {
            _missing.Add(name, example);
        }

        return entry;
    }

    /// <summary>Text.</summary>
    internal string? String(TomlEntry? entry, string name, string example)
    {
        if (entry?.Value is StringValueSyntax { Value: string text })
        {
            return text;
        }

        Reject(entry, name, $"a string such as {example}");
        return null;
    }

    /// <summary>A whole number in a range.</summary>
    internal long? Integer(TomlEntry? entry, string name, long lowest, long highest)
    {
        if (entry?.Value is IntegerValueSyntax { Token: not null } integer)
        {
            if (integer.Value >= lowest && integer.Value <= highest)
            {
                return integer.Value;
            }

            string problem = string.Create(CultureInfo.InvariantCulture, $"{name} = {integer.Value} is out of range");
            errors.Add(integer.Span.Start, problem, "it takes " + Range(lowest, highest));
            return null;
        }

        Reject(entry, name, Range(lowest, highest));
        return null;
    }

    internal bool? Boolean(TomlEntry? entry, string name)
    {
        if (entry?.Value is BooleanValueSyntax boolean)
        {
            return boolean.Value;
        }

        Reject(entry, name, "true or false");
        return null;
    }

    /// <summary>A list of different whole numbers, at least one.</summary>
    internal IReadOnlyList<long>? Integers(TomlEntry? entry, string name, long lowest, long highest)
    {
        string list = string.Create(CultureInfo.InvariantCulture, $"a list of different numbers from {lowest} to {highest} such as [0, 1]");
        string form = "it takes " + list;
        if (entry?.Value is not ArraySyntax array)
        {
            Reject(entry, name, list);
            return null;
        }

        List<long> numbers = [];
        bool sound = true;
        foreach (ArrayItemSyntax item in array.Items)
        {
            if (item.Value is not IntegerValueSyntax { Token: not null } integer)
            {
                errors.Add(item.Value?.Span.Start ?? array.Span.Start, $"{name} holds {Describe(item.Value)}", form);
                sound = false;
            }
            else if (integer.Value < lowest || integer.Value > highest || numbers.Contains(integer.Value))
            {
                string what = numbers.Contains(integer.Value) ? " twice" : ", which is out of range";
                errors.Add(integer.Span.Start, string.Create(CultureInfo.InvariantCulture, $"{name} holds {integer.Value}{what}"), form);
                sound = false;
            }
            else
            {
                numbers.Add(integer.Value);
            }
        }

        if (sound && numbers.Count == 0)
        {
            errors.Add(array.Span.Start, $"{name} is empty", form);
        }

        return sound && numbers.Count > 0 ? numbers : null;
    }

    /// <summary>One of some words.</summary>
    internal string? Word(TomlEntry? entry, string name, params IReadOnlyList<string> words)
    {
        string form = string.Join(", ", words.SkipLast(1).Select(word => $"\"{word}\"")) + $" or \"{words[^1]}\"";
        if (entry?.Value is not StringValueSyntax { Value: string text })
        {
            Reject(entry, name, form);
            return null;
        }

        if (words.Contains(text))
        {
            return text;
        }

        errors.Add(entry.Value.Span.Start, $"{name} = {Quote(text)} is no such word", $"it takes {form}");
        return null;
    }

    /// <summary>Text with a meaning of its own, a size for instance.</summary>
    /// <param name="entry">The key's entry.</param>
    /// <param name="name">The key.</param>
    /// <param name="form">What it takes.</param>
    /// <param name="parse">Answers null where the text is not of that form.</param>
    internal T? Parsed<T>(TomlEntry? entry, string name, string form, Func<string, T?> parse)
        where T : struct
    {
        if (entry?.Value is not StringValueSyntax { Value: string text })
        {
            Reject(entry, name, form);
            return null;
        }

        T? value = parse(text);
        if (value is null)
        {
            errors.Add(entry.Value.Span.Start, $"{name} = {Quote(text)} cannot be read", $"it takes {form}");
        }

        return value;
    }

    /// <summary>A table inside the table.</summary>
    internal TableReader? Table(TomlEntry? entry, string name, string example)
    {
        if (entry?.Table is not null)
        {
            return new TableReader(entry.Table, errors);
        }

        Reject(entry, name, $"a table such as {example}");
        return null;
    }

    /// <summary>The tables of a list inside the table.</summary>
    internal IReadOnlyList<TableReader> Tables(string name)
    {
        _asked.Add(name);
        if (table.Entries.TryGetValue(name, out TomlEntry? entry))
        {
            errors.Add(entry.Position, $"{name} is no list of tables", $"begin each with [[vm.{name}]]");
        }

        return table.Lists.TryGetValue(name, out List<TomlTable>? list) ? [.. list.Select(one => new TableReader(one, errors))] : [];
    }

    /// <summary>A list of strings, each with its place.</summary>
    internal IReadOnlyList<(string Text, TextPosition Place)> Strings(TomlEntry? entry, string name, string example)
    {
        List<(string, TextPosition)> list = [];
        if (entry?.Value is not ArraySyntax array)
        {
            Reject(entry, name, $"a list such as {example}");
            return list;
        }

        foreach (ArrayItemSyntax item in array.Items)
        {
            if (item.Value is StringValueSyntax { Value: string text })
            {
                list.Add((text, item.Value.Span.Start));
            }
            else
            {
                errors.Add(item.Value?.Span.Start ?? array.Span.Start, $"{name} holds {Describe(item.Value)}", $"it takes a list such as {example}");
            }
        }

        return list;
    }

    /// <summary>Tells of a mistake at a place.</summary>
    internal void RejectAt(TextPosition place, string problem, string remedy) => errors.Add(place, problem, remedy);

    /// <summary>Where the table begins.</summary>
    internal TextPosition Position => table.Position;

    /// <summary>Tells of every key that was not asked for, and of those that must be there and are not: misspelt ones once.</summary>
    internal void Finish(string owner)
    {
        foreach ((string name, TomlEntry entry) in table.Entries)
        {
            if (!_asked.Contains(name))
            {
                string? near = Suggestion.Find(name, _asked);
                _missing.Remove(near ?? "");
                errors.Add(
                    entry.Position,
                    $"{owner} has no key {Quote(name)}",
                    near is null ? $"the keys are {string.Join(", ", _asked.Order())}" : $"did you mean {near}?");
            }
        }

        foreach ((string name, List<TomlTable> list) in table.Lists)
        {
            if (!_asked.Contains(name))
            {
                errors.Add(list[0].Position, $"{owner} has no list {Quote(name)}", "see tools/Bundles/README.md");
            }
        }

        foreach ((string name, string example) in _missing)
        {
            errors.Add(table.Position, $"{owner} has no {name}", $"add for instance {name} = {example}");
        }
    }

    /// <summary>Tells that a value, which has the right form, is wrong.</summary>
    internal void RejectValue(TomlEntry entry, string problem, string remedy) =>
        errors.Add(entry.Value?.Span.Start ?? entry.Position, problem, remedy);

    /// <summary>Tells that a key should not be there, or not so.</summary>
    internal void RejectKey(TomlEntry entry, string problem, string remedy) => errors.Add(entry.Position, problem, remedy);

    /// <summary>Text as a message shows it: short, and on one line.</summary>
    internal static string Quote(string text)
    {
        const int Longest = 40;
        string shown = text.Length <= Longest ? text : text[..Longest] + "...";
        return "\"" + string.Concat(shown.Select(c => char.IsControl(c) ? '?' : c)) + "\"";
    }

    private void Reject(TomlEntry? entry, string name, string form)
    {
        if (entry is { Table: null, Value: null } or null)
        {
            return; // absent, or a syntax error that was told already
        }

        string found = entry.Table is not null ? "a table" : Describe(entry.Value);
        errors.Add(entry.Value?.Span.Start ?? entry.Position, $"{name} is {found}", $"it takes {form}");
    }

    private static string Range(long lowest, long highest) =>
        highest == lowest + 1
            ? string.Create(CultureInfo.InvariantCulture, $"{lowest} or {highest}")
            : string.Create(CultureInfo.InvariantCulture, $"a number from {lowest} to {highest}");

    private static string Describe(ValueSyntax? value) => value switch
    {
        StringValueSyntax => "a string",
        IntegerValueSyntax => "a whole number",
        FloatValueSyntax => "a number with a fraction",
        BooleanValueSyntax => "true or false",
        DateTimeValueSyntax => "a date",
        ArraySyntax => "a list",
        InlineTableSyntax => "a table",
        _ => "something else",
    };
}

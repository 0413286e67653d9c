using Tomlyn.Syntax;

namespace SharpVisor.Bundles.Definitions;

/// <summary>One key of a table and what it stands for: a value or a table.</summary>
/// <param name="Position">Where the key stands.</param>
/// <param name="Value">Its value; null where there is none that can be read.</param>
/// <param name="Table">Its keys, where it is a table.</param>
internal sealed record TomlEntry(TextPosition Position, ValueSyntax? Value, TomlTable? Table);

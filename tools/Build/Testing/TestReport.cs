using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Text.Json;

namespace SharpVisor.Build.Testing;

/// <summary>
/// What one test program reports: xUnit's <c>-automated</c> output, a JSON object a line. Counts, and makes a line
/// for people of each test.
/// </summary>
internal sealed class TestReport
{
    private readonly Dictionary<string, string> _names = [];

    internal int Passed { get; private set; }

    internal int Failed { get; private set; }

    internal int Skipped { get; private set; }

    /// <summary>Whether the program came to its end by itself.</summary>
    internal bool IsFinished { get; private set; }

    /// <summary>Takes a line of output. Answers what to show, or null.</summary>
    internal string? Take(string line)
    {
        if (!line.StartsWith('{'))
        {
            return line;
        }

        JsonElement message;
        try
        {
            message = JsonDocument.Parse(line).RootElement;
        }
        catch (JsonException)
        {
            return line;
        }

        string type = Text(message, "$type");
        switch (type)
        {
            case "test-starting":
                _names[Text(message, "TestUniqueID")] = Text(message, "TestDisplayName");
                return null;
            case "test-passed":
                Passed++;
                return Line("passed", message);
            case "test-failed":
                Failed++;
                return Line("FAILED", message) + Details(message);
            case "test-skipped":
                Skipped++;
                return Line("skipped", message) + Environment.NewLine + "      " + Text(message, "Reason");
            case "test-assembly-finished":
                IsFinished = true;
                return null;
            default:
                // Whatever else goes wrong (a fixture, the clean-up of a class) is a failure too.
                if (type.EndsWith("-cleanup-failure", StringComparison.Ordinal) || type == "error")
                {
                    Failed++;
                    return "  FAILED     " + type + Details(message);
                }

                return null;
        }
    }

    private string Line(string outcome, JsonElement message)
    {
        string id = Text(message, "TestUniqueID");
        string name = _names.TryGetValue(id, out string? found) ? found : id;
        double seconds = message.TryGetProperty("ExecutionTime", out JsonElement time) ? time.GetDouble() : 0;
        return string.Create(CultureInfo.InvariantCulture, $"  {outcome,-10} {name} ({seconds:0.00} s)");
    }

    private static string Details(JsonElement message)
    {
        StringBuilder text = new();
        foreach (string property in (string[])["Messages", "StackTraces"])
        {
            if (message.TryGetProperty(property, out JsonElement list) && list.ValueKind == JsonValueKind.Array)
            {
                foreach (string line in list.EnumerateArray().SelectMany(item => (item.GetString() ?? string.Empty).Split('\n')))
                {
                    text.Append(Environment.NewLine).Append("      ").Append(line.TrimEnd());
                }
            }
        }

        return text.ToString();
    }

    private static string Text(JsonElement message, string property) =>
        message.TryGetProperty(property, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : string.Empty;
}

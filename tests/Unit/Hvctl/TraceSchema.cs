using System.IO;
using System.Linq;
using System.Text.Json;
using Json.Schema;
using Xunit;

namespace SharpVisor.Tests;

/// <summary>The form that trace viewers read, as a JSON schema.</summary>
internal static class TraceSchema
{
    private static readonly JsonSchema s_schema = Read();

    /// <summary>Checks a trace against the schema.</summary>
    /// <returns>Its events.</returns>
    internal static JsonElement[] Check(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        EvaluationResults results = s_schema.Evaluate(document.RootElement, new EvaluationOptions { OutputFormat = OutputFormat.List });
        Assert.True(results.IsValid, string.Join('\n', (results.Details ?? []).Where(detail => detail.Errors is not null)
            .Take(10).Select(detail => $"{detail.InstanceLocation}: {string.Join("; ", detail.Errors!.Values)}")));
        return document.RootElement.GetProperty("traceEvents").EnumerateArray().Select(one => one.Clone()).ToArray();
    }

    private static JsonSchema Read()
    {
        using Stream stream = typeof(TraceSchema).Assembly.GetManifestResourceStream("trace-event.schema.json")!;
        using StreamReader reader = new(stream);
        return JsonSchema.FromText(reader.ReadToEnd());
    }
}

using System.Collections.Generic;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SharpVisor.Hvctl.Json;

/// <summary>How the records become JSON. Scripts rely on the names: they stay, new ones may come.</summary>
[JsonSerializable(typeof(IReadOnlyList<VmJson>))]
[JsonSerializable(typeof(VmDetailJson))]
[JsonSerializable(typeof(IReadOnlyList<ActionJson>))]
[JsonSerializable(typeof(FailureJson))]
[JsonSerializable(typeof(UploadJson))]
[JsonSerializable(typeof(MachineJson))]
[JsonSerializable(typeof(IReadOnlyList<CpuJson>))]
[JsonSerializable(typeof(MemoryJson))]
[JsonSerializable(typeof(IReadOnlyList<InterruptJson>))]
[JsonSerializable(typeof(IReadOnlyList<RegistersJson>))]
[JsonSerializable(typeof(LogJson))]
[JsonSerializable(typeof(LogLevelJson))]
[JsonSerializable(typeof(BenchJson))]
[JsonSerializable(typeof(VersionJson))]
[JsonSerializable(typeof(TopJson))]
[JsonSerializable(typeof(TraceJson))]
[JsonSerializable(typeof(ProfileJson))]
[JsonSerializable(typeof(DebuggerJson))]
internal sealed partial class HvctlJson : JsonSerializerContext
{
    /// <summary>A value over several lines.</summary>
    internal static HvctlJson Page { get; } = new(Layout(isIndented: true));

    /// <summary>A value in one line: for what goes on until it is broken off.</summary>
    internal static HvctlJson Line { get; } = new(Layout(isIndented: false));

    // It goes to terminals and programs, into no web page: quotation marks and the like stay readable.
    private static JsonSerializerOptions Layout(bool isIndented) => new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = isIndented,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}

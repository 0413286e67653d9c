using System;
using System.Threading.Tasks;

namespace SharpVisor.Build.Running;

/// <summary>The verb <c>debug</c>.</summary>
internal static class DebugCommand
{
    internal static Task<int> ExecuteAsync(Settings settings) => throw new NotImplementedException();
}

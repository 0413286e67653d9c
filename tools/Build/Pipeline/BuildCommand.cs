using System;
using System.Threading.Tasks;

namespace SharpVisor.Build.Pipeline;

/// <summary>The verb <c>build</c>.</summary>
internal static class BuildCommand
{
    internal static Task<int> ExecuteAsync(Settings settings) => throw new NotImplementedException();
}

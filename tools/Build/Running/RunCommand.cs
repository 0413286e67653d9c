using System;
using System.Threading.Tasks;

namespace SharpVisor.Build.Running;

/// <summary>The verb <c>run</c>.</summary>
internal static class RunCommand
{
    internal static Task<int> ExecuteAsync(Settings settings) => throw new NotImplementedException();
}

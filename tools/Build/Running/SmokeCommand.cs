using System;
using System.Threading.Tasks;

namespace SharpVisor.Build.Running;

/// <summary>The verb <c>smoke</c>.</summary>
internal static class SmokeCommand
{
    internal static Task<int> ExecuteAsync(Settings settings) => throw new NotImplementedException();
}

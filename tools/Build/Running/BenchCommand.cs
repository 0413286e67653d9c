using System;
using System.Threading.Tasks;

namespace SharpVisor.Build.Running;

/// <summary>The verb <c>bench</c>.</summary>
internal static class BenchCommand
{
    internal static Task<int> ExecuteAsync(Settings settings) => throw new NotImplementedException();
}

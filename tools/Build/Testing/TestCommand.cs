using System;
using System.Threading.Tasks;

namespace SharpVisor.Build.Testing;

/// <summary>The verb <c>test</c>.</summary>
internal static class TestCommand
{
    internal static Task<int> ExecuteAsync(Settings settings) => throw new NotImplementedException();
}

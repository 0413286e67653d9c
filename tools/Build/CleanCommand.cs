using System.IO;
using System.Threading.Tasks;

namespace SharpVisor.Build;

/// <summary>The verb <c>clean</c>: removes build/ and nothing else.</summary>
internal static class CleanCommand
{
    internal static Task<int> ExecuteAsync(Settings settings)
    {
        if (Directory.Exists(Repository.Output))
        {
            Directory.Delete(Repository.Output, recursive: true);
        }

        return Task.FromResult(0);
    }
}

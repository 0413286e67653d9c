using System.Threading.Tasks;

namespace SharpVisor.Hvctl;

/// <summary><c>hvctl VERB ...</c></summary>
internal static class Program
{
    private static Task<int> Main(string[] arguments) => CommandLineTool.RunAsync(arguments, Host.ForProcess());
}

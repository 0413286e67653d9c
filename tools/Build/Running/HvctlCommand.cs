using System.Threading.Tasks;
using SharpVisor.Build.Pipeline;

namespace SharpVisor.Build.Running;

/// <summary>The verb <c>hvctl</c>: compiles hvctl alone and runs it with the words of ARGS.</summary>
internal static class HvctlCommand
{
    internal static async Task<int> ExecuteAsync(Settings settings)
    {
        using (await BuildLock.AcquireAsync())
        {
            await new HostToolStep(new StepCache()).RunAsync();
        }

        return await ChildProcess.RunAsync("dotnet", [HostToolStep.Program, .. settings.Words]);
    }
}

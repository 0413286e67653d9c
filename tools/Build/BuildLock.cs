using System;
using System.IO;
using System.Threading.Tasks;

namespace SharpVisor.Build;

/// <summary>Keeps two builds of one working copy from writing the same files at the same time.</summary>
internal static class BuildLock
{
    /// <summary>Waits until no other build runs. Disposing the result lets the next one in.</summary>
    internal static Task<IDisposable> AcquireAsync() => FileLock.AcquireAsync(
        Path.Combine(Repository.Output, ".lock"), () => Console.WriteLine("  waiting    for another build of this working copy"));
}

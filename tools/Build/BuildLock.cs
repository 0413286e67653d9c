using System;
using System.IO;
using System.Threading.Tasks;

namespace SharpVisor.Build;

/// <summary>Keeps two builds of one working copy from writing the same files at the same time.</summary>
internal static class BuildLock
{
    /// <summary>Waits until no other build runs. Disposing the result lets the next one in.</summary>
    internal static async Task<IDisposable> AcquireAsync()
    {
        Directory.CreateDirectory(Repository.Output);
        string path = Path.Combine(Repository.Output, ".lock");
        for (bool told = false; ; told = true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                if (!told)
                {
                    Console.WriteLine("  waiting    for another build of this working copy");
                }

                await Task.Delay(TimeSpan.FromMilliseconds(200));
            }
        }
    }
}

using System;
using System.IO;
using System.Threading.Tasks;

namespace SharpVisor.Build;

/// <summary>One at a time, also between processes: whoever holds a file open for itself alone.</summary>
internal static class FileLock
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Waits until nobody else holds the file. Disposing the result lets the next one in.</summary>
    /// <param name="path">The file; made where it is not there, and left there.</param>
    /// <param name="mustWait">Called once where somebody else holds it.</param>
    internal static async Task<IDisposable> AcquireAsync(string path, Action mustWait)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
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
                    mustWait();
                }

                await Task.Delay(s_pause);
            }
        }
    }
}

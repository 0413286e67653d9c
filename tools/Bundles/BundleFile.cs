using System;
using System.IO;

namespace SharpVisor.Bundles;

/// <summary>A bundle on disk.</summary>
public static class BundleFile
{
    /// <summary>Writes a file whole or not at all: whoever looks finds the old one or the new one.</summary>
    /// <exception cref="IOException">It cannot be written; nothing has changed.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    public static void Write(string path, byte[] bundle)
    {
        string fresh = $"{path}.{Environment.ProcessId}.new";
        try
        {
            File.WriteAllBytes(fresh, bundle);
            File.Move(fresh, path, overwrite: true);
        }
        catch
        {
            File.Delete(fresh);
            throw;
        }
    }
}

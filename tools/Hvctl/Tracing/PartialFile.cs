using System;
using System.IO;

namespace SharpVisor.Hvctl.Tracing;

/// <summary>A file that has its name only once it is whole; before, and where it never is, there is none of that name.</summary>
internal sealed class PartialFile : IDisposable
{
    private readonly string _path;
    private readonly string _partialPath;
    private readonly FileStream _stream;
    private bool _isWhole;

    /// <summary>Begins to write.</summary>
    /// <exception cref="IOException">It cannot be written there.</exception>
    internal PartialFile(string path)
    {
        _path = path;
        _partialPath = path + ".part";
        _stream = new FileStream(_partialPath, FileMode.Create, FileAccess.Write, FileShare.None);
    }

    internal Stream Stream => _stream;

    /// <summary>It is whole, in the place of one that was there before.</summary>
    internal void Finish()
    {
        _stream.Dispose();
        File.Move(_partialPath, _path, overwrite: true);
        _isWhole = true;
    }

    public void Dispose()
    {
        _stream.Dispose();
        if (!_isWhole)
        {
            File.Delete(_partialPath);
        }
    }
}

using System;
using System.Collections.Generic;
using System.IO;

namespace SharpVisor.Bundles.Definitions;

/// <summary>The files that definitions name, each read once.</summary>
/// <param name="folder">Where relative paths begin.</param>
internal sealed class ImageFiles(string folder)
{
    // Bundles end at 2 GiB; a disk image that somebody takes for a kernel is not read at all.
    private const long Largest = 1L << 30;

    private readonly Dictionary<string, BundleImage> _images = [];

    /// <summary>Reads a file.</summary>
    /// <param name="path">As the definition names it.</param>
    /// <param name="problem">Why it cannot be had, in one phrase.</param>
    /// <returns>The image, or null.</returns>
    internal BundleImage? Read(string path, out string problem)
    {
        problem = "";
        string full = Path.GetFullPath(path, folder);
        if (_images.TryGetValue(full, out BundleImage? image))
        {
            return image;
        }

        try
        {
            FileInfo file = new(full);
            problem = Directory.Exists(full) ? "is a folder"
                : !file.Exists ? "does not exist"
                : file.Length > Largest ? "is larger than 1 GiB"
                : file.Length == 0 ? "is empty"
                : "";
            if (problem.Length == 0)
            {
                image = new BundleImage(Path.GetFileName(full), File.ReadAllBytes(full));
                _images.Add(full, image);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            problem = $"cannot be read ({exception.Message})";
        }

        return image;
    }
}

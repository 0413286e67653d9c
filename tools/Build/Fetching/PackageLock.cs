using System;
using System.Collections.Generic;
using System.IO;

namespace SharpVisor.Build.Fetching;

/// <summary>The committed list of pinned packages, debian.lock in this folder.</summary>
internal static class PackageLock
{
    private const int Columns = 5;

    /// <summary>Reads the list.</summary>
    /// <exception cref="InvalidDataException">A line has not five columns.</exception>
    internal static IReadOnlyList<PackagePin> Read(string path)
    {
        List<PackagePin> pins = [];
        foreach (string line in File.ReadLines(path))
        {
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            string[] columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (columns.Length != Columns)
            {
                throw new InvalidDataException($"{path}: expected {Columns} columns in: {line}");
            }

            pins.Add(new PackagePin(columns[0], columns[1], columns[2], columns[3], columns[4]));
        }

        return pins;
    }
}

using System.Collections.Generic;
using System.Linq;
using SharpVisor.Build.Elf;

namespace SharpVisor.Build.Pipeline;

/// <summary>A linked program as the bytes that lie in memory from its first address on.</summary>
internal static class RawImage
{
    /// <summary>Puts segments where they belong; gaps are zero. What follows the last byte of a file is not part of it.</summary>
    internal static byte[] FromSegments(IReadOnlyList<ElfSegment> segments)
    {
        List<ElfSegment> filled = segments.Where(segment => segment.Data.Length > 0).ToList();
        if (filled.Count == 0)
        {
            throw new BuildException("The linked program has no bytes.");
        }

        ulong start = filled.Min(segment => segment.Address);
        ulong end = filled.Max(segment => segment.Address + (ulong)segment.Data.Length);
        byte[] image = new byte[checked((int)(end - start))];
        foreach (ElfSegment segment in filled)
        {
            segment.Data.CopyTo(image, (int)(segment.Address - start));
        }

        return image;
    }
}

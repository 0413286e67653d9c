using System;
using System.Collections.Generic;
using System.Linq;

namespace SharpVisor.Bundles.Definitions;

/// <summary>Finds what somebody meant.</summary>
internal static class Suggestion
{
    private const int Farthest = 2;

    // What people know these things as.
    private static readonly Dictionary<string, string> s_synonyms = new()
    {
        ["initrd"] = "ramdisk",
        ["initramfs"] = "ramdisk",
        ["append"] = "cmdline",
        ["bootargs"] = "cmdline",
        ["args"] = "cmdline",
        ["image"] = "kernel",
        ["mem"] = "memory",
        ["ram"] = "memory",
        ["smp"] = "vcpus",
        ["cores"] = "vcpus",
        ["affinity"] = "cpus",
        ["quota"] = "cap",
        ["limit"] = "cap",
        ["shares"] = "weight",
        ["id"] = "name",
    };

    /// <summary>The word nearest to a misspelt one, or null where none is near.</summary>
    internal static string? Find(string word, IEnumerable<string> words)
    {
        List<string> known = words.Order().ToList();
        string plain = Plain(word);
        if (s_synonyms.TryGetValue(plain, out string? meant) && known.Contains(meant))
        {
            return meant;
        }

        string? nearest = known.MinBy(candidate => Distance(plain, Plain(candidate)));
        return nearest is not null && Distance(plain, Plain(nearest)) <= Math.Min(Farthest, nearest.Length / 2) ? nearest : null;
    }

    private static string Plain(string word) => word.ToLowerInvariant().Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal);

    /// <summary>How many letters must be added, removed or changed (Levenshtein).</summary>
    private static int Distance(string from, string to)
    {
        int[] row = Enumerable.Range(0, to.Length + 1).ToArray();
        for (int i = 1; i <= from.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.Length; j++)
            {
                int above = row[j];
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, diagonal + (from[i - 1] == to[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[^1];
    }
}

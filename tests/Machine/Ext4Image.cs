using System;
using System.Collections.Generic;
using System.IO;
using System.Security.Cryptography;

namespace SharpVisor.Tests.Machine;

/// <summary>Ext4 file systems, made and checked by e2fsprogs.</summary>
internal static class Ext4Image
{
    /// <summary>Makes one with a file <c>random</c> in it.</summary>
    /// <param name="folder">For what the file system is made of.</param>
    /// <param name="image">The image.</param>
    /// <param name="size">As mke2fs takes it.</param>
    /// <param name="fileSize">Bytes of the file.</param>
    /// <param name="options">More options of mke2fs.</param>
    /// <returns>The file's MD5 as Linux says it.</returns>
    internal static string Make(string folder, string image, string size, int fileSize, params IReadOnlyList<string> options)
    {
        string source = Path.Combine(folder, "source");
        Directory.CreateDirectory(source);
        byte[] random = new byte[fileSize];
        new Random(4).NextBytes(random);
        File.WriteAllBytes(Path.Combine(source, "random"), random);
        File.Delete(image);
        HostProgram.Run("mke2fs", ["-q", "-F", "-t", "ext4", .. options, "-d", source, image, size]);
#pragma warning disable CA5351 // not for secrets: Linux's md5sum says the same
        return Convert.ToHexStringLower(MD5.HashData(random));
#pragma warning restore CA5351
    }

    /// <summary>The file system of an image is sound.</summary>
    internal static void Check(string image) => HostProgram.Run("e2fsck", "-f", "-n", image);
}

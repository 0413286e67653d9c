using System;
using System.IO;
using System.IO.Compression;
using CsCheck;

namespace SharpVisor.Tests.Unit.Formats;

/// <summary>Data of every texture, and .NET's own compressor to compare with.</summary>
internal static class Compression
{
    /// <summary>Noise, runs, text-like data, and mixtures of them, up to about 70 KB; never nothing, for which .NET writes nothing.</summary>
    internal static Gen<byte[]> GenData { get; } = Gen.Select(Gen.Int[0, 5], Gen.Int[1, 70_000], Gen.Int).Select((texture, length, seed) =>
    {
        var random = new Random(seed);
        byte[] data = new byte[texture == 4 ? 1 + (length % 300) : length];
        for (int i = 0; i < data.Length; i++)
        {
            data[i] = (texture == 5 ? (i >> 12) % 4 : texture) switch
            {
                0 => (byte)random.Next(256),
                1 => (byte)(i >> 9),
                2 => (byte)"the of and kernel interrupt "[random.Next(28)],
                3 => i < 64 ? (byte)random.Next(256) : data[i - 1 - random.Next(Math.Min(i, 40) / 8 + 1)],
                _ => (byte)random.Next(4),
            };
        }

        return data;
    });

    internal static byte[] Gzip(byte[] data, CompressionLevel level)
    {
        using var result = new MemoryStream();
        using (var gzip = new GZipStream(result, level, leaveOpen: true))
        {
            gzip.Write(data);
        }

        return result.ToArray();
    }

    internal static byte[] Deflate(byte[] data, ZLibCompressionStrategy strategy, int level)
    {
        using var result = new MemoryStream();
        using (var deflate = new DeflateStream(result, new ZLibCompressionOptions { CompressionLevel = level, CompressionStrategy = strategy }, leaveOpen: true))
        {
            deflate.Write(data);
        }

        return result.ToArray();
    }
}

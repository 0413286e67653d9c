using System;
using System.IO;
using System.Text;

namespace SharpVisor.Build.Fetching;

/// <summary>
/// Writes a cpio archive of the kind that Linux unpacks as initramfs: "newc" (Documentation/driver-api/early-userspace/
/// buffer-format.rst). All owners are root and all times 0, so that the same content gives the same bytes.
/// </summary>
internal sealed class CpioWriter(Stream stream)
{
    private const uint Folder = 0x4000;
    private const uint CharacterDevice = 0x2000;
    private const uint RegularFile = 0x8000;
    private const uint SymbolicLink = 0xa000;
    private const int BlockSize = 512;

    private uint _nextInode = 1;
    private long _length;

    /// <summary>A folder; parents come first. Paths have no leading slash.</summary>
    internal void AddFolder(string path) => Add(path, Folder | Convert.ToUInt32("755", 8), [], 0, 0);

    /// <summary>A file.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="content">Its bytes.</param>
    /// <param name="executable">Whether it may be executed.</param>
    internal void AddFile(string path, ReadOnlySpan<byte> content, bool executable) =>
        Add(path, RegularFile | Convert.ToUInt32(executable ? "755" : "644", 8), content, 0, 0);

    /// <summary>A symbolic link.</summary>
    internal void AddLink(string path, string target) =>
        Add(path, SymbolicLink | Convert.ToUInt32("777", 8), Encoding.UTF8.GetBytes(target), 0, 0);

    /// <summary>A character device node.</summary>
    internal void AddCharacterDevice(string path, uint major, uint minor) =>
        Add(path, CharacterDevice | Convert.ToUInt32("600", 8), [], major, minor);

    /// <summary>Ends the archive; it may be followed by another one.</summary>
    internal void Finish()
    {
        Add("TRAILER!!!", 0, [], 0, 0);
        Pad(BlockSize);
    }

    private void Add(string path, uint mode, ReadOnlySpan<byte> content, uint major, uint minor)
    {
        byte[] name = Encoding.UTF8.GetBytes(path);
        uint links = (mode & 0xf000) == Folder ? 2u : 1u;
        uint[] fields =
        [
            _nextInode++, mode, 0, 0, links, 0, (uint)content.Length, 0, 0, major, minor, (uint)name.Length + 1, 0,
        ];
        StringBuilder header = new("070701");
        foreach (uint field in fields)
        {
            header.Append(field.ToString("X8", null));
        }

        Write(Encoding.ASCII.GetBytes(header.ToString()));
        Write(name);
        Write([0]);
        Pad(4);
        Write(content);
        Pad(4);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        stream.Write(bytes);
        _length += bytes.Length;
    }

    private void Pad(int alignment)
    {
        while (_length % alignment != 0)
        {
            Write([0]);
        }
    }
}

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using SharpVisor.Formats;
using Tomlyn.Syntax;

namespace SharpVisor.Bundles.Definitions;

/// <summary>Makes the disks of a virtual machine of its <c>[[vm.disk]]</c> tables.</summary>
/// <param name="vm">The machine's table.</param>
/// <param name="images">The files that can be named.</param>
/// <param name="canTellMissing">Whether a key that is not there is a mistake.</param>
internal sealed class DiskReader(TableReader vm, ImageFiles images, bool canTellMissing)
{
    private const int SectorSize = 512;
    private const ulong Granule = 4096;
    private const ulong LargestOverlay = 1ul << 36;
    private const uint LargestPartition = 128;

    // Feature bits by the names that people know them by (virtio 1.2, 5.2.3 and 6).
    private static readonly Dictionary<string, int> s_features = new()
    {
        ["size-max"] = 1,
        ["seg-max"] = 2,
        ["block-size"] = 6,
        ["flush"] = 9,
        ["topology"] = 10,
        ["writeback"] = 11,
        ["queues"] = 12,
        ["discard"] = 13,
        ["write-zeroes"] = 14,
        ["indirect"] = 28,
        ["event-index"] = 29,
        ["packed"] = 34,
        ["ring-reset"] = 40,
    };

    /// <summary>The disks, in order. Mistakes are told.</summary>
    internal IReadOnlyList<DiskSpecification> Read()
    {
        IReadOnlyList<TableReader> tables = vm.Tables("disk");
        if (tables.Count > BundleDisk.MaximumDisks)
        {
            tables[BundleDisk.MaximumDisks].RejectAt(
                tables[BundleDisk.MaximumDisks].Position,
                "too many disks",
                string.Create(CultureInfo.InvariantCulture, $"a virtual machine has at most {BundleDisk.MaximumDisks}"));
        }

        return [.. tables.Select(ReadDisk)];
    }

    private DiskSpecification ReadDisk(TableReader table)
    {
        TomlEntry? imageEntry = table.Find("image");
        TomlEntry? deviceEntry = table.Find("device");
        TomlEntry? partitionEntry = table.Find("partition");
        TomlEntry? fileEntry = table.Find("file");
        BundleImage? image = Image(table, imageEntry);
        string device = Text(table, deviceEntry, "device", "\"virtio0\"");
        (string partition, uint number) = Partition(table, partitionEntry);
        string file = Text(table, fileEntry, "file", "\"disks/root.img\"");
        bool isReadOnly = table.Boolean(table.Find("read-only"), "read-only") ?? false;
        TomlEntry? overlayEntry = table.Find("overlay");
        ulong overlay = Overlay(table, overlayEntry);
        TomlEntry? resetEntry = table.Find("overlay-on-reset");
        bool drops = table.Word(resetEntry, "overlay-on-reset", "keep", "drop") == "drop";
        if (imageEntry is null && deviceEntry is null)
        {
            if (canTellMissing)
            {
                table.RejectAt(table.Position, "disk has no image and no device", "add for instance image = \"root.img\" or device = \"virtio0\"");
            }
        }
        else if (imageEntry is not null && deviceEntry is not null)
        {
            table.RejectKey(deviceEntry, "disk has an image and a device", "leave one of them");
        }

        if (imageEntry is not null && deviceEntry is null && (partitionEntry ?? fileEntry) is TomlEntry part)
        {
            table.RejectKey(part, "a partition or a file is part of a device", "add for instance device = \"virtio0\", or leave it out");
        }

        if (isReadOnly && overlayEntry is not null)
        {
            table.RejectKey(overlayEntry, "an overlay keeps what is written, and nothing is written to a disk that is read-only", "leave one of them");
        }

        if (resetEntry is not null && overlayEntry is null && (imageEntry is null || isReadOnly))
        {
            table.RejectKey(resetEntry, "overlay-on-reset means nothing without an overlay", "add for instance overlay = \"64M\", or leave overlay-on-reset out");
        }

        DiskSpecification disk = new()
        {
            Image = image,
            Device = device,
            Partition = partition,
            PartitionNumber = number,
            File = file,
            Serial = Serial(table),
            IsReadOnly = isReadOnly,
            Overlay = overlay,
            DropsOnReset = drops,
            Queues = (uint)(table.Integer(table.Find("queues"), "queues", 1, BundleDisk.MaximumQueues) ?? 1),
            Withheld = Withheld(table),
        };
        table.Finish("disk");
        return disk;
    }

    private BundleImage? Image(TableReader table, TomlEntry? entry)
    {
        const string Form = "it takes the path of a file, from this file's folder";
        string? path = table.String(entry, "image", "\"root.img\", the path of a file");
        if (path is null)
        {
            return null;
        }

        if (path.Length == 0 || path.Contains('\0', StringComparison.Ordinal))
        {
            table.RejectValue(entry!, "image names no file", Form);
            return null;
        }

        BundleImage? image = images.Read(path, out string problem);
        if (image is null)
        {
            table.RejectValue(entry!, $"image: {TableReader.Quote(path)} {problem}", Form);
        }
        else if (!Gzip.IsGzip(image.Data) && image.Data.Length % SectorSize != 0)
        {
            table.RejectValue(entry!, $"image: {TableReader.Quote(path)} has no whole number of sectors", "a disk is a multiple of 512 bytes, or gzip of that");
        }

        return image;
    }

    private static string Text(TableReader table, TomlEntry? entry, string key, string example)
    {
        string? text = table.String(entry, key, example);
        if (text is not null && (text.Length == 0 || text.Any(char.IsControl)))
        {
            table.RejectValue(entry!, $"{key} names nothing", $"it takes for instance {example}");
        }

        return text ?? "";
    }

    private static (string Name, uint Number) Partition(TableReader table, TomlEntry? entry) => entry?.Value is StringValueSyntax
        ? (Text(table, entry, "partition", "2 or \"root\""), 0)
        : ("", (uint)(table.Integer(entry, "partition", 1, LargestPartition) ?? 0));

    private static ulong Overlay(TableReader table, TomlEntry? entry)
    {
        ulong? size = table.Parsed(entry, "overlay", "a size such as \"64M\" or \"1G\"", Quantity.Size);
        if (size is ulong bytes && (bytes is 0 or > LargestOverlay || bytes % Granule != 0))
        {
            table.RejectValue(entry!, "overlay is out of range", "it takes \"4K\" to \"64G\", in steps of \"4K\"");
        }

        return size ?? 0;
    }

    private static string Serial(TableReader table)
    {
        TomlEntry? entry = table.Find("serial");
        string? serial = table.String(entry, "serial", "\"disk-1\"");
        if (serial is not null && (serial.Length is 0 or > BundleDisk.MaximumSerialLength || serial.Any(c => c is < '!' or > '~')))
        {
            table.RejectValue(entry!, $"serial = {TableReader.Quote(serial)} cannot be a serial number", "it takes 1 to 20 letters, digits and signs of ASCII");
        }

        return serial ?? "";
    }

    private static ulong Withheld(TableReader table)
    {
        ulong withheld = 0;
        foreach ((string name, TextPosition place) in table.Strings(table.Find("without"), "without", "[\"packed\", \"flush\"]"))
        {
            if (s_features.TryGetValue(name, out int bit))
            {
                withheld |= 1ul << bit;
            }
            else
            {
                string? near = Suggestion.Find(name, s_features.Keys);
                table.RejectAt(
                    place,
                    $"without holds {TableReader.Quote(name)}, which is no feature of a disk",
                    near is null ? $"the features are {string.Join(", ", s_features.Keys)}" : $"did you mean {near}?");
            }
        }

        return withheld;
    }
}

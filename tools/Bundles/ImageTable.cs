using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Security.Cryptography;

namespace SharpVisor.Bundles;

/// <summary>The different images of some machines, each with a name of its own.</summary>
internal sealed class ImageTable
{
    private readonly List<Row> _rows = [];
    private readonly Dictionary<BundleImage, int> _indexes = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<string, int> _byHash = [];
    private readonly HashSet<string> _names = [];

    internal ImageTable(IReadOnlyList<VmSpecification> vms)
    {
        foreach (VmSpecification vm in vms)
        {
            Add(vm.Kernel, isKernel: true);
            if (vm.Ramdisk is not null)
            {
                Add(vm.Ramdisk, isKernel: false);
            }

            foreach (DiskSpecification disk in vm.Disks)
            {
                if (disk.Image is not null)
                {
                    Add(disk.Image, isKernel: false);
                }
            }
        }
    }

    internal int Count => _rows.Count;

    internal BundleImage this[int index] => _rows[index].Image;

    internal bool IsKernel(int index) => _rows[index].IsKernel;

    /// <summary>SHA-256 of its bytes.</summary>
    internal byte[] HashOf(int index) => _rows[index].Hash;

    internal string NameOf(int index) => _rows[index].Name;

    internal string NameOf(BundleImage image) => _rows[_indexes[image]].Name;

    private void Add(BundleImage image, bool isKernel)
    {
        if (_indexes.ContainsKey(image))
        {
            return;
        }

        byte[] hash = SHA256.HashData(image.Data);
        string key = Convert.ToHexString(hash);
        if (!_byHash.TryGetValue(key, out int index))
        {
            index = _rows.Count;
            _byHash.Add(key, index);
            _rows.Add(new Row(UniqueName(image.FileName), image, hash, isKernel));
        }

        _indexes.Add(image, index);
    }

    /// <summary>The file's name, without what a node's name cannot have.</summary>
    private string UniqueName(string fileName)
    {
        const int Longest = 31;
        string plain = string.Concat(fileName.Take(Longest).Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '+' ? c : '-'));
        plain = plain.Length == 0 ? "image" : plain;
        string unique = plain;
        for (int i = 2; !_names.Add(unique); i++)
        {
            unique = string.Create(CultureInfo.InvariantCulture, $"{plain}-{i}");
        }

        return unique;
    }

    private sealed record Row(string Name, BundleImage Image, byte[] Hash, bool IsKernel);
}

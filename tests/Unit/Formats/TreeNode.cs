using System.Collections.Generic;
using System.Text;
using CsCheck;
using SharpVisor.Formats;

namespace SharpVisor.Tests.Unit.Formats;

/// <summary>A device tree as plain objects: what a reader must find in what a writer wrote.</summary>
internal sealed record TreeNode(string Name, List<(string Name, byte[] Value)> Properties, List<TreeNode> Children)
{
    private static readonly string[] s_names = ["a", "ab", "bus", "cpu@0", "cpu@1", "memory@40000000", "x", "abc"];
    private static readonly string[] s_properties = ["reg", "compatible", "status", "a", "ab", "ranges", "#address-cells", "phandle"];

    internal static Gen<TreeNode> Gen { get; } = Node(4).Select(root => root with { Name = string.Empty });

    internal void Write(ref FdtWriter writer)
    {
        writer.BeginNode(Encoding.ASCII.GetBytes(Name));
        foreach ((string name, byte[] value) in Properties)
        {
            writer.PropertyBytes(Encoding.ASCII.GetBytes(name), value);
        }

        foreach (TreeNode child in Children)
        {
            child.Write(ref writer);
        }

        writer.EndNode();
    }

    internal byte[] ToBlob()
    {
        byte[] blob = new byte[0x1_0000];
        var writer = new FdtWriter(blob);
        Write(ref writer);
        return writer.TryFinish(out int size) ? blob[..size] : throw new System.InvalidOperationException("does not fit");
    }

    private static Gen<TreeNode> Node(int depth)
    {
        Gen<List<(string, byte[])>> properties =
            CsCheck.Gen.Select(CsCheck.Gen.OneOf(s_properties), CsCheck.Gen.Byte.Array[0, 13]).List[0, 4].Select(Distinct);
        return depth == 0
            ? CsCheck.Gen.Select(CsCheck.Gen.OneOf(s_names), properties, (name, own) => new TreeNode(name, own, []))
            : CsCheck.Gen.Select(CsCheck.Gen.OneOf(s_names), properties, Node(depth - 1).List[0, 3], (name, own, children) => new TreeNode(name, own, children));
    }

    private static List<(string, byte[])> Distinct(List<(string Name, byte[] Value)> properties)
    {
        var seen = new HashSet<string>();
        properties.RemoveAll(property => !seen.Add(property.Name));
        return properties;
    }
}

using System;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SharpVisor.Formats;

/// <summary>
/// Reads a flattened device tree (Devicetree Specification 0.4, chapter 5). <see cref="TryCreate"/> checks the
/// whole structure once; every later step may then trust it, but still never leaves the span.
/// </summary>
public readonly ref struct FdtReader
{
    /// <summary>Deepest nesting of nodes that is accepted; the root is at depth 1.</summary>
    public const int MaximumDepth = 32;

    private const uint Magic = 0xd00d_feed;
    private const int HeaderSize = 40;
    private const uint Version = 17;
    private const uint BeginNode = 1;
    private const uint EndNode = 2;
    private const uint Property = 3;
    private const uint Nop = 4;
    private const uint End = 9;
    private const int MaximumRangesHops = MaximumDepth;

    private readonly ReadOnlySpan<byte> _structure;
    private readonly ReadOnlySpan<byte> _strings;
    private readonly ReadOnlySpan<byte> _reservations;
    private readonly ReadOnlySpan<FdtCompatible> _index; // empty: there is none
    private readonly ReadOnlySpan<FdtNode> _top; // the root's children, where there is an index

    private FdtReader(
        ReadOnlySpan<byte> structure,
        ReadOnlySpan<byte> strings,
        ReadOnlySpan<byte> reservations,
        int totalSize,
        ReadOnlySpan<FdtCompatible> index,
        ReadOnlySpan<FdtNode> top)
    {
        _structure = structure;
        _strings = strings;
        _reservations = reservations;
        _index = index;
        _top = top;
        TotalSize = totalSize;
    }

    /// <summary>Size of the blob in bytes, from its header.</summary>
    public int TotalSize { get; }

    /// <summary>The root node.</summary>
    public FdtNode Root => new(SkipNops(0));

    /// <summary>Size in bytes that the header at the start of <paramref name="start"/> names; false where it is no header.</summary>
    public static bool TryGetTotalSize(ReadOnlySpan<byte> start, out uint size)
    {
        size = 0;
        if (start.Length < 8 || BinaryPrimitives.ReadUInt32BigEndian(start) != Magic)
        {
            return false;
        }

        size = BinaryPrimitives.ReadUInt32BigEndian(start.Slice(4));
        return true;
    }

    /// <summary>Checks a blob and makes a reader of it.</summary>
    /// <param name="blob">The tree; bytes behind the size in its header are ignored.</param>
    /// <param name="reader">Usable where the result is <see cref="FdtError.None"/>.</param>
    public static FdtError TryCreate(ReadOnlySpan<byte> blob, out FdtReader reader)
    {
        FdtError error = TryFindBlocks(blob, out reader);
        if (error == FdtError.None)
        {
            error = reader.CheckStructure();
        }

        if (error != FdtError.None)
        {
            reader = default;
        }

        return error;
    }

    /// <summary>A reader of a blob that <see cref="TryCreate"/> has checked before and that is still the same.</summary>
    internal static FdtReader Reopen(ReadOnlySpan<byte> blob)
    {
        TryFindBlocks(blob, out FdtReader reader);
        return reader;
    }

    private static FdtError TryFindBlocks(ReadOnlySpan<byte> blob, out FdtReader reader)
    {
        reader = default;
        if (blob.Length < HeaderSize)
        {
            return FdtError.Truncated;
        }

        if (Word(blob, 0) != Magic)
        {
            return FdtError.BadMagic;
        }

        uint totalSize = Word(blob, 4);
        if (totalSize < HeaderSize || totalSize > (uint)blob.Length)
        {
            return FdtError.Truncated;
        }

        if (Word(blob, 24) > Version || Word(blob, 20) < Version)
        {
            return FdtError.BadVersion;
        }

        blob = blob.Slice(0, (int)totalSize);
        if (!TrySlice(blob, Word(blob, 8), Word(blob, 36), out ReadOnlySpan<byte> structure)
            || !TrySlice(blob, Word(blob, 12), Word(blob, 32), out ReadOnlySpan<byte> strings)
            || Word(blob, 16) > totalSize || ((Word(blob, 8) | Word(blob, 36)) & 3) != 0)
        {
            return FdtError.BadLayout;
        }

        reader = new FdtReader(structure, strings, blob.Slice((int)Word(blob, 16)), (int)totalSize, default, default);
        return FdtError.None;
    }

    /// <summary>
    /// The same tree with an index of its <c>compatible</c> strings and of the root's children, for who looks for many:
    /// what begins at the root then need not walk through the tree. Both are used for as long as the reader is; where one
    /// is too short for the tree, there is no index.
    /// </summary>
    /// <param name="room">Holds the strings.</param>
    /// <param name="top">Holds the root's children.</param>
    internal FdtReader WithIndex(Span<FdtCompatible> room, Span<FdtNode> top)
    {
        Span<int> open = stackalloc int[MaximumDepth + 1]; // around the root: a node that is none
        open[0] = FdtNode.Unknown;
        int depth = 0;
        int count = 0;
        int children = 0;
        for (int offset = Root.Offset; TokenAt(offset) is not (End or 0); offset = AfterToken(offset))
        {
            switch (TokenAt(offset))
            {
                case BeginNode:
                    open[++depth] = offset;
                    if (depth == 2)
                    {
                        if (children == top.Length)
                        {
                            return this;
                        }

                        top[children++] = new FdtNode(offset, open[1]);
                    }

                    break;
                case EndNode:
                    depth--;
                    break;
                case Property when IsStringAt(_strings, (int)TokenAt(offset + 8), "compatible"u8):
                    ReadOnlySpan<byte> list = _structure.Slice(offset + 12, (int)TokenAt(offset + 4));
                    while (TryTakeString(ref list, out ReadOnlySpan<byte> text))
                    {
                        if (count == room.Length)
                        {
                            return this;
                        }

                        room[count++] = new FdtCompatible(FdtCompatible.HashOf(text), new FdtNode(open[depth], open[depth - 1]));
                    }

                    break;
            }
        }

        return new FdtReader(_structure, _strings, _reservations, TotalSize, room.Slice(0, count), top.Slice(0, children));
    }

    /// <summary>Entry <paramref name="index"/> of the memory reservation block; false behind the last.</summary>
    public bool TryGetReservation(int index, out ulong address, out ulong size)
    {
        address = 0;
        size = 0;
        long offset = (long)index * 16;
        if (index < 0 || offset + 16 > _reservations.Length)
        {
            return false;
        }

        address = BinaryPrimitives.ReadUInt64BigEndian(_reservations.Slice((int)offset));
        size = BinaryPrimitives.ReadUInt64BigEndian(_reservations.Slice((int)offset + 8));
        return address != 0 || size != 0;
    }

    /// <summary>The node's name with its unit address; empty for the root.</summary>
    public ReadOnlySpan<byte> Name(FdtNode node) => StringAt(_structure, node.Offset + 4);

    /// <summary>The first node inside this one.</summary>
    public bool TryFirstChild(FdtNode node, out FdtNode child) => TryNodeAt(AfterProperties(node), node.Offset, out child);

    /// <summary>The next node with the same parent.</summary>
    public bool TryNextSibling(FdtNode node, out FdtNode sibling) => _top.Length != 0 && node.Parent == Root.Offset
        ? TryNextAtTop(node, out sibling)
        : TryNodeAt(SkipNops(AfterNode(node)), node.Parent, out sibling);

    /// <summary>The node that holds this one; false for the root. Walks from the root where the node does not know it.</summary>
    public bool TryParent(FdtNode node, out FdtNode parent)
    {
        if (node.Parent != FdtNode.Unknown)
        {
            parent = new FdtNode(node.Parent);
            return true;
        }

        Span<int> open = stackalloc int[MaximumDepth];
        int depth = 0;
        for (int offset = Root.Offset; offset < node.Offset; offset = AfterToken(offset))
        {
            switch (TokenAt(offset))
            {
                case BeginNode:
                    open[depth++] = offset;
                    break;
                case EndNode:
                    depth--;
                    break;
            }
        }

        parent = new FdtNode(depth > 0 ? open[depth - 1] : Root.Offset);
        return depth > 0;
    }

    /// <summary>The value of a property.</summary>
    public bool TryGetProperty(FdtNode node, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        int offset = SkipNops(AfterName(node));
        while (TokenAt(offset) == Property)
        {
            int length = (int)Word(_structure, offset + 4);
            if (IsStringAt(_strings, (int)Word(_structure, offset + 8), name))
            {
                value = _structure.Slice(offset + 12, length);
                return true;
            }

            offset = SkipNops(offset + 12 + Align(length));
        }

        value = default;
        return false;
    }

    /// <summary>A property of one 32-bit cell.</summary>
    public bool TryGetCell(FdtNode node, ReadOnlySpan<byte> name, out uint value)
    {
        value = 0;
        if (!TryGetProperty(node, name, out ReadOnlySpan<byte> bytes) || bytes.Length != 4)
        {
            return false;
        }

        value = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        return true;
    }

    /// <summary>A property of one or two cells as a number.</summary>
    public bool TryGetNumber(FdtNode node, ReadOnlySpan<byte> name, out ulong value)
    {
        value = 0;
        if (!TryGetProperty(node, name, out ReadOnlySpan<byte> bytes) || bytes.Length is not (4 or 8))
        {
            return false;
        }

        value = Number(bytes, 0, bytes.Length / 4);
        return true;
    }

    /// <summary>A property that is a string, without its zero byte.</summary>
    public bool TryGetString(FdtNode node, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        if (!TryGetProperty(node, name, out value))
        {
            return false;
        }

        int end = value.IndexOf((byte)0);
        value = end < 0 ? value : value.Slice(0, end);
        return end >= 0;
    }

    /// <summary>Whether the node's <c>compatible</c> list has the string.</summary>
    public bool IsCompatible(FdtNode node, ReadOnlySpan<byte> compatible)
    {
        if (!TryGetProperty(node, "compatible"u8, out ReadOnlySpan<byte> list))
        {
            return false;
        }

        while (TryTakeString(ref list, out ReadOnlySpan<byte> entry))
        {
            if (entry.SequenceEqual(compatible))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether <c>status</c> is absent, "okay" or "ok".</summary>
    public bool IsEnabled(FdtNode node) =>
        !TryGetString(node, "status"u8, out ReadOnlySpan<byte> status) || status.SequenceEqual("okay"u8) || status.SequenceEqual("ok"u8);

    /// <summary>The node that follows this one in the order of the blob, whatever its depth.</summary>
    public bool TryNext(FdtNode node, out FdtNode next)
    {
        int offset = AfterProperties(node);
        while (TokenAt(offset) == EndNode)
        {
            offset = SkipNops(offset + 4);
        }

        return TryNodeAt(offset, FdtNode.Unknown, out next);
    }

    /// <summary>The first enabled node, <paramref name="start"/> itself or below it, that is compatible.</summary>
    public bool TryFindCompatible(FdtNode start, ReadOnlySpan<byte> compatible, out FdtNode node)
    {
        if (_index.Length != 0 && start.Offset == Root.Offset)
        {
            return TryFindInIndex(compatible, out node);
        }

        node = start;
        for (int end = AfterNode(start); node.Offset < end;)
        {
            if (IsCompatible(node, compatible) && IsEnabled(node))
            {
                return true;
            }

            if (!TryNext(node, out node))
            {
                break;
            }
        }

        return false;
    }

    /// <summary>The node to which others refer by a number.</summary>
    public bool TryFindPhandle(uint phandle, out FdtNode node)
    {
        // Who is referred to is nearly always a device.
        for (int i = 0; i < _index.Length; i++)
        {
            node = _index[i].Node;
            if (TryGetCell(node, "phandle"u8, out uint its) && its == phandle)
            {
                return true;
            }
        }

        node = Root;
        for (bool more = true; more; more = TryNext(node, out node))
        {
            if (TryGetCell(node, "phandle"u8, out uint its) && its == phandle)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A node by its path ("/chosen", "/cpus/cpu@0"). A component without a unit address finds one with it.</summary>
    public bool TryFindPath(ReadOnlySpan<byte> path, out FdtNode node)
    {
        node = Root;
        while (path.Length > 0)
        {
            if (path[0] != (byte)'/')
            {
                return false;
            }

            path = path.Slice(1);
            int end = path.IndexOf((byte)'/');
            ReadOnlySpan<byte> component = end < 0 ? path : path.Slice(0, end);
            path = path.Slice(component.Length);
            if (component.Length > 0 && !TryFindChild(node, component, out node))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A child by its name, with or without the unit address.</summary>
    public bool TryFindChild(FdtNode parent, ReadOnlySpan<byte> name, out FdtNode child)
    {
        bool more = TryFirstChild(parent, out child);
        while (more)
        {
            int start = child.Offset + 4;
            if (IsPrefixAt(_structure, start, name) && _structure[start + name.Length] is 0 or (byte)'@')
            {
                return true;
            }

            more = TryNextSibling(child, out child);
        }

        return false;
    }

    /// <summary>
    /// Entry <paramref name="index"/> of <c>reg</c> as the CPU sees it: translated by the <c>ranges</c> of every
    /// ancestor.
    /// </summary>
    public bool TryGetRegister(FdtNode node, int index, out ulong address, out ulong size)
    {
        address = 0;
        size = 0;
        if (!TryParent(node, out FdtNode parent) || !TryGetProperty(node, "reg"u8, out ReadOnlySpan<byte> value))
        {
            return false;
        }

        int addressCells = AddressCells(parent);
        int sizeCells = SizeCells(parent);
        int entry = (addressCells + sizeCells) * 4;
        if (addressCells > 2 || sizeCells > 2 || entry == 0 || index < 0 || ((long)index + 1) * entry > value.Length)
        {
            return false;
        }

        address = Number(value, index * entry, addressCells);
        size = Number(value, (index * entry) + (addressCells * 4), sizeCells);
        return TryTranslate(parent, ref address);
    }

    /// <summary><c>#address-cells</c> of a node, 2 where it is absent.</summary>
    public int AddressCells(FdtNode node) => CellCount(node, "#address-cells"u8, 2);

    /// <summary><c>#size-cells</c> of a node, 1 where it is absent.</summary>
    public int SizeCells(FdtNode node) => CellCount(node, "#size-cells"u8, 1);

    /// <summary>Translates an address on a bus to what the CPU sees, by the <c>ranges</c> of the bus and all above it.</summary>
    public bool TryTranslate(FdtNode bus, ref ulong address)
    {
        for (int hop = 0; hop < MaximumRangesHops; hop++)
        {
            if (!TryParent(bus, out FdtNode parent))
            {
                return true; // the root's children are in the CPU's address space
            }

            if (!TryGetProperty(bus, "ranges"u8, out ReadOnlySpan<byte> ranges))
            {
                return false;
            }

            if (ranges.Length > 0 && !TryMapByRanges(ranges, AddressCells(bus), AddressCells(parent), SizeCells(bus), ref address))
            {
                return false;
            }

            bus = parent;
        }

        return false;
    }

    private static bool TryMapByRanges(ReadOnlySpan<byte> ranges, int childCells, int parentCells, int sizeCells, ref ulong address)
    {
        int entry = (childCells + parentCells + sizeCells) * 4;
        if (childCells is < 1 or > 2 || parentCells is < 1 or > 2 || sizeCells is < 1 or > 2)
        {
            return false;
        }

        for (int offset = 0; offset + entry <= ranges.Length; offset += entry)
        {
            ulong child = Number(ranges, offset, childCells);
            ulong parent = Number(ranges, offset + (childCells * 4), parentCells);
            ulong size = Number(ranges, offset + ((childCells + parentCells) * 4), sizeCells);
            if (address - child < size)
            {
                address = parent + (address - child);
                return true;
            }
        }

        return false;
    }

    private int CellCount(FdtNode node, ReadOnlySpan<byte> name, int whenAbsent)
    {
        if (!TryGetCell(node, name, out uint value))
        {
            return whenAbsent;
        }

        return value <= 8 ? (int)value : 8; // more is refused by everybody who asks
    }

    private static ulong Number(ReadOnlySpan<byte> bytes, int offset, int cells)
    {
        ulong value = 0;
        for (int i = 0; i < cells; i++)
        {
            value = (value << 32) | Word(bytes, offset + (i * 4));
        }

        return value;
    }

    private bool TryNextAtTop(FdtNode node, out FdtNode next)
    {
        // Behind the last one that is at or before the node.
        int low = 0;
        for (int high = _top.Length; low < high;)
        {
            int middle = (low + high) / 2;
            bool isBehind = _top[middle].Offset > node.Offset;
            high = isBehind ? middle : high;
            low = isBehind ? low : middle + 1;
        }

        next = low < _top.Length ? _top[low] : node;
        return low < _top.Length;
    }

    private bool TryFindInIndex(ReadOnlySpan<byte> compatible, out FdtNode node)
    {
        uint hash = FdtCompatible.HashOf(compatible);
        for (int i = 0; i < _index.Length; i++)
        {
            node = _index[i].Node;
            if (_index[i].Hash == hash && IsCompatible(node, compatible) && IsEnabled(node))
            {
                return true;
            }
        }

        node = Root;
        return false;
    }

    /// <summary>Takes the first string of a list of strings out of it.</summary>
    private static bool TryTakeString(ref ReadOnlySpan<byte> list, out ReadOnlySpan<byte> text)
    {
        int end = list.IndexOf((byte)0);
        text = end < 0 ? list : list.Slice(0, end);
        bool isThere = list.Length > 0;
        list = list.Slice(end < 0 ? list.Length : end + 1);
        return isThere;
    }

    private FdtError CheckStructure()
    {
        // A name that begins in front of the last zero byte ends in the block. Looking for the end of each property's
        // name would let a hostile tree ask for work that grows with the square of its size.
        int namesEnd = _strings.Length;
        while (namesEnd > 0 && _strings[namesEnd - 1] != 0)
        {
            namesEnd--;
        }

        int offset = SkipNops(0);
        int depth = 0;
        bool propertiesAllowed = false;
        while (true)
        {
            switch (TokenAt(offset))
            {
                case BeginNode:
                    if (!TryStringLength(_structure, offset + 4, out int nameLength))
                    {
                        return FdtError.BadStructure;
                    }

                    if (++depth > MaximumDepth)
                    {
                        return FdtError.TooDeep;
                    }

                    offset += 4 + Align(nameLength + 1);
                    propertiesAllowed = true;
                    break;

                case Property:
                    if (!propertiesAllowed || offset > _structure.Length - 12 || !IsPropertySound(offset, namesEnd))
                    {
                        return FdtError.BadStructure;
                    }

                    offset += 12 + Align((int)Word(_structure, offset + 4));
                    break;

                case EndNode:
                    if (depth == 0)
                    {
                        return FdtError.BadStructure;
                    }

                    propertiesAllowed = false;
                    offset += 4;
                    if (--depth == 0)
                    {
                        return TokenAt(SkipNops(offset)) == End ? FdtError.None : FdtError.BadStructure;
                    }

                    break;

                default:
                    return FdtError.BadStructure;
            }

            offset = SkipNops(offset);
        }
    }

    private bool IsPropertySound(int offset, int namesEnd)
    {
        uint length = Word(_structure, offset + 4);
        uint name = Word(_structure, offset + 8);
        return length <= (uint)(_structure.Length - offset - 12)
            && name < (uint)namesEnd;
    }

    /// <summary>
    /// The token behind this one, properties with their values and nodes with their names; outside of the block, 0
    /// tokens lead on to the end. Start-up walks the machine's tree many times, and nearly all of it is here.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int AfterToken(int offset) => TokenAt(offset) switch
    {
        Property => offset + 12 + Align((int)TokenAt(offset + 4)),
        BeginNode => AfterName(new FdtNode(offset)),
        _ => offset + 4,
    };

    /// <summary>The name ends in the first word with a zero byte; the next token follows that word.</summary>
    private int AfterName(FdtNode node)
    {
        int offset = node.Offset;
        uint word;
        do
        {
            offset += 4;
            word = TokenAt(offset);
        }
        while (((word - 0x0101_0101) & ~word & 0x8080_8080) == 0);
        return offset + 4;
    }

    private int AfterProperties(FdtNode node)
    {
        int offset = AfterName(node);
        while (TokenAt(offset) is Property or Nop)
        {
            offset = AfterToken(offset);
        }

        return offset;
    }

    private int AfterNode(FdtNode node)
    {
        int depth = 0;
        int offset = node.Offset;
        do
        {
            switch (TokenAt(offset))
            {
                case Property:
                    offset += 12 + Align((int)TokenAt(offset + 4));
                    break;
                case BeginNode:
                    depth++;
                    offset = AfterName(new FdtNode(offset));
                    break;
                case EndNode:
                    depth--;
                    offset += 4;
                    break;
                case Nop:
                    offset += 4;
                    break;
                default:
                    return _structure.Length;
            }
        }
        while (depth > 0);
        return offset;
    }

    private bool TryNodeAt(int offset, int parent, out FdtNode node)
    {
        node = new FdtNode(offset, parent);
        return TokenAt(offset) == BeginNode;
    }

    private int SkipNops(int offset)
    {
        while (TokenAt(offset) == Nop)
        {
            offset += 4;
        }

        return offset;
    }

    /// <summary>The word at an offset of the structure block; 0, which is no token, outside of it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint TokenAt(int offset) => offset >= 0 && offset <= _structure.Length - 4
        ? BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref MemoryMarshal.GetReference(_structure), offset)))
        : 0;

    private static uint Word(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(offset));

    private static int Align(int value) => (value + 3) & ~3;

    private static bool TrySlice(ReadOnlySpan<byte> blob, uint offset, uint size, out ReadOnlySpan<byte> slice)
    {
        slice = default;
        if (offset > (uint)blob.Length || size > (uint)blob.Length - offset)
        {
            return false;
        }

        slice = blob.Slice((int)offset, (int)size);
        return true;
    }

    private static bool TryStringLength(ReadOnlySpan<byte> bytes, int offset, out int length)
    {
        length = 0;
        if ((uint)offset >= (uint)bytes.Length)
        {
            return false;
        }

        length = bytes.Slice(offset).IndexOf((byte)0);
        return length >= 0;
    }

    private static bool IsStringAt(ReadOnlySpan<byte> bytes, int offset, ReadOnlySpan<byte> text) =>
        IsPrefixAt(bytes, offset, text) && bytes[offset + text.Length] == 0;

    /// <summary>Whether the text stands at an offset, with at least a byte behind it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsPrefixAt(ReadOnlySpan<byte> bytes, int offset, ReadOnlySpan<byte> text) =>
        (uint)offset < (uint)bytes.Length && bytes.Length - offset > text.Length
        && (text.Length == 0 || bytes[offset] == text[0]) && bytes.Slice(offset).StartsWith(text);

    private static ReadOnlySpan<byte> StringAt(ReadOnlySpan<byte> bytes, int offset) =>
        TryStringLength(bytes, offset, out int length) ? bytes.Slice(offset, length) : default;
}

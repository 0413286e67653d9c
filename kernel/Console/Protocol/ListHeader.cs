namespace SharpVisor.Console;

/// <summary>What stands before the records of an answer to a List operation.</summary>
internal struct ListHeader
{
    /// <summary>Bytes of it.</summary>
    internal const int Length = 12;

    /// <summary>How many there are in all.</summary>
    internal uint Count { get; set; }

    /// <summary>Place of the first record.</summary>
    internal uint First { get; set; }

    /// <summary>Bytes from one record to the next: a reader leaves what it does not know.</summary>
    internal ushort RecordSize { get; set; }

    /// <summary>Number of records in this answer.</summary>
    internal ushort Records { get; set; }

    /// <summary>Writes it.</summary>
    internal readonly void Write(ref PayloadWriter payload)
    {
        payload.UInt32(Count);
        payload.UInt32(First);
        payload.UInt16(RecordSize);
        payload.UInt16(Records);
    }

    /// <summary>Reads it.</summary>
    internal static ListHeader Read(ref PayloadReader payload)
    {
        ListHeader header = default;
        header.Count = payload.UInt32();
        header.First = payload.UInt32();
        header.RecordSize = payload.UInt16();
        header.Records = payload.UInt16();
        return header;
    }
}

namespace SharpVisor.Devices;

/// <summary>What a flash chip's reads show.</summary>
internal enum FlashReading
{
    /// <summary>What is stored: nothing, so that every bit reads as one.</summary>
    Array,

    /// <summary>The status register.</summary>
    Status,

    /// <summary>Manufacturer, device, and the lock of the block that is read.</summary>
    Identifier,

    /// <summary>The same, and the query table.</summary>
    Query,
}

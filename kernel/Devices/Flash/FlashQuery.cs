using System;

namespace SharpVisor.Devices;

/// <summary>
/// What a flash chip says of itself when it is asked: the query structure of the Common Flash Interface (JEDEC JESD68,
/// codes in JEP137) with Intel's extended table. It describes one chip, 16 bits wide; a driver that finds two chips
/// side by side doubles the sizes.
/// </summary>
/// <remarks>Each byte stands on the low half of a word of the chip; words are numbered as in the standard.</remarks>
internal static class FlashQuery
{
    /// <summary>Bytes of one chip: 32 MiB.</summary>
    internal const uint ChipSize = 1u << ChipSizeShift;

    /// <summary>Bytes of one chip that are erased at once: 128 KiB.</summary>
    internal const uint BlockSize = 0x2_0000;

    /// <summary>Words of one chip that are programmed at once, at most.</summary>
    internal const uint BufferWords = (1u << BufferSizeShift) / WordSize;

    private const byte ChipSizeShift = 25;
    private const byte BufferSizeShift = 11;
    private const byte BlockCountLessOne = (byte)((ChipSize / BlockSize) - 1);
    private const uint WordSize = 2;
    private const uint First = 0x10;
    private const byte Extended = 0x31;

    // Of Intel's optional features none is promised: an erasure ends at once, so there is nothing to suspend, and the
    // blocks' locks cannot be opened.
    private static ReadOnlySpan<byte> Table =>
    [
        (byte)'Q', (byte)'R', (byte)'Y',
        0x01, 0x00, // 13: command set: Intel, extended
        Extended, 0x00, // 15: where its table is
        0x00, 0x00, // 17: no other command set
        0x00, 0x00, // 19
        0x27, 0x36, // 1b: supply from 2.7 V to 3.6 V
        0x00, 0x00, // 1d: programmed with the same
        0x07, 0x07, 0x0a, 0x00, // 1f: word 2^7 us, buffer 2^7 us, block 2^10 ms, no erasure of the whole chip: typically;
        0x04, 0x04, 0x04, 0x00, // 23: at most 2^4 times that. QEMU's chip says the same.
        ChipSizeShift, // 27: size is 2^n bytes
        0x01, 0x00, // 28: 16 bits wide, asynchronous
        BufferSizeShift, 0x00, // 2a: buffer is 2^n bytes
        0x01, // 2c: regions of blocks of one size
        BlockCountLessOne, 0x00, // 2d
        (byte)(BlockSize >> 8 & 0xff), (byte)(BlockSize >> 16), // 2f: in units of 256 bytes
        (byte)'P', (byte)'R', (byte)'I', (byte)'1', (byte)'0', // 31: version 1.0
        0x00, 0x00, 0x00, 0x00, // 36: optional features
        0x00, // 3a: what can be done while an erasure is suspended
        0x01, 0x00, // 3b: bits of a block's lock status that mean something: locked
        0x33, 0x00, // 3d: best supply 3.3 V
        0x01, // 3f: protection register fields: Linux's driver relies on at least one being there
        0x00, 0x00, 0x00, 0x00, // 40: its place and its sizes
    ];

    /// <summary>A byte of the structure.</summary>
    /// <param name="word">Number of the word; zero is what stands in every word that has no meaning.</param>
    internal static byte Read(uint word)
    {
        uint index = word - First;
        return index < (uint)Table.Length ? Table[(int)index] : (byte)0;
    }
}

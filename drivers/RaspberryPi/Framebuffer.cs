using System;
using SharpVisor.Formats;

namespace SharpVisor.Drivers;

/// <summary>The picture that a Raspberry Pi's VideoCore shows, of 32-bit pixels.</summary>
public readonly struct Framebuffer
{
    private const uint GetPhysicalSize = 0x0004_0003;
    private const uint SetPhysicalSize = 0x0004_8003;
    private const uint SetVirtualSize = 0x0004_8004;
    private const uint SetDepth = 0x0004_8005;
    private const uint Allocate = 0x0004_0001;
    private const uint GetPitch = 0x0004_0008;
    private const uint Depth = 32;
    private const uint Alignment = 4096;
    private const uint BusMask = 0x3fff_ffff; // the rest says how the VideoCore caches it
    private const uint LargestSide = 8192;

    private Framebuffer(uint address, uint length, uint width, uint height, uint pitch)
    {
        Address = address;
        Length = length;
        Width = (int)width;
        Height = (int)height;
        Stride = (int)(pitch / sizeof(uint));
    }

    /// <summary>Address of the first pixel; 0 where there is no display.</summary>
    public ulong Address { get; }

    /// <summary>Bytes.</summary>
    public ulong Length { get; }

    /// <summary>Pixels of a line.</summary>
    public int Width { get; }

    /// <summary>Lines of pixels.</summary>
    public int Height { get; }

    /// <summary>Pixels from one line to the next.</summary>
    public int Stride { get; }

    /// <summary>Asks for one, as large as the display.</summary>
    public static bool TryMake(FdtReader tree, out Framebuffer framebuffer)
    {
        framebuffer = default;
        Span<uint> size = stackalloc uint[2];
        size.Clear();
        if (!Mailbox.TryProbe(tree, out Mailbox? mailbox) || !mailbox!.TryAsk(GetPhysicalSize, size)
            || size[0] == 0 || size[1] == 0 || size[0] > LargestSide || size[1] > LargestSide)
        {
            return false;
        }

        // All at once: what is not said together is not sure to belong together.
        Span<uint> message = mailbox.Begin(out int length);
        PropertyMessage.Append(message, ref length, SetPhysicalSize, size);
        PropertyMessage.Append(message, ref length, SetVirtualSize, size);
        PropertyMessage.Append(message, ref length, SetDepth, [Depth]);
        PropertyMessage.Append(message, ref length, Allocate, [Alignment, 0]);
        PropertyMessage.Append(message, ref length, GetPitch, [0]);
        Span<uint> depth = stackalloc uint[1];
        Span<uint> memory = stackalloc uint[2];
        Span<uint> pitch = stackalloc uint[1];
        if (!mailbox.TryExchange(length)
            || !PropertyMessage.TryFind(message, SetVirtualSize, size) || !PropertyMessage.TryFind(message, SetDepth, depth)
            || !PropertyMessage.TryFind(message, Allocate, memory) || !PropertyMessage.TryFind(message, GetPitch, pitch))
        {
            return false;
        }

        framebuffer = new Framebuffer(memory[0] & BusMask, memory[1], size[0], size[1], pitch[0]);
        return depth[0] == Depth && framebuffer.Address != 0 && size[0] <= LargestSide && size[1] <= LargestSide
            && pitch[0] >= size[0] * sizeof(uint) && (ulong)pitch[0] * size[1] <= memory[1];
    }
}

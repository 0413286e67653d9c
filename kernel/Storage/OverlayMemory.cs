namespace SharpVisor.Storage;

/// <summary>Where an overlay's pages come from.</summary>
public abstract class OverlayMemory
{
    /// <summary>Takes a page of zeros, 4 KiB. False where there is none.</summary>
    public abstract bool TryTake(out ulong page);

    /// <summary>Fills a page, or a part of one, with zeros.</summary>
    /// <param name="address">Its first byte.</param>
    /// <param name="length">Bytes, a multiple of 512.</param>
    public abstract void Zero(ulong address, ulong length);

    /// <summary>Gives a page back.</summary>
    public abstract void Give(ulong page);
}

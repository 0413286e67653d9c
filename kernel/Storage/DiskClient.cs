namespace SharpVisor.Storage;

/// <summary>Who submits requests to disks, and is told of their end.</summary>
/// <remarks>
/// Called on any CPU, by a physical disk's interrupt, with SIMD registers free to use and with no lock held. Both methods
/// take the client's lock, and may submit further requests: so a disk gives back its own lock before it calls. They do a
/// bounded amount of work.
/// </remarks>
public abstract class DiskClient
{
    /// <summary>A request has ended: <see cref="DiskRequest.Status"/> says how. It is the client's again.</summary>
    public abstract void Completed(DiskRequest request);

    /// <summary>
    /// The disk has told of all requests that have ended up to now. What costs much and serves many of them, such as an
    /// interrupt, is done here. <see cref="DiskCompletion"/> sees to it.
    /// </summary>
    public abstract void Settle();
}

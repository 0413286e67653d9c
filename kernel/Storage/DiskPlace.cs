namespace SharpVisor.Storage;

/// <summary>Where sectors are (<see cref="Disk.Locate"/>).</summary>
public enum DiskPlace : byte
{
    /// <summary>Where only a request reaches them.</summary>
    Elsewhere,

    /// <summary>In memory that the caller may copy from or to at once.</summary>
    Memory,

    /// <summary>Nowhere: there is no room for them, or they are beyond the disk's end.</summary>
    NoRoom,
}

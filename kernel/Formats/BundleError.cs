namespace SharpVisor.Formats;

/// <summary>What is wrong with a boot bundle, or with one VM in it. The numbers go over the control channel: they stay.</summary>
public enum BundleError
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The bytes are no device tree.</summary>
    NotATree,

    /// <summary>The tree is larger than <see cref="Bundle.MaximumTreeSize"/>.</summary>
    TreeTooLarge,

    /// <summary>The tree's bytes do not match its hash.</summary>
    WrongTreeHash,

    /// <summary>There is no <c>/vms</c> node with a VM in it.</summary>
    NoVms,

    /// <summary>More VMs than <see cref="Bundle.MaximumVms"/>.</summary>
    TooManyVms,

    /// <summary>More images than <see cref="Bundle.MaximumImages"/>.</summary>
    TooManyImages,

    /// <summary>An image's data lies outside the bundle or inside the tree, or is not named.</summary>
    BadImage,

    /// <summary>Two images share bytes.</summary>
    OverlappingImages,

    /// <summary>An image's hash is of a kind that is not known, or has another length than its kind.</summary>
    UnknownHash,

    /// <summary>An image's bytes do not match its hash.</summary>
    WrongHash,

    /// <summary>A VM's name is not 1 to 31 of a-z, 0-9 and '-'.</summary>
    BadName,

    /// <summary>Two VMs have one name.</summary>
    DuplicateName,

    /// <summary>A property of a VM has another length or form than it must have.</summary>
    BadProperty,

    /// <summary>A VM has no <c>kernel</c>, or it names an image that is not there.</summary>
    NoKernel,

    /// <summary>A VM's <c>ramdisk</c> names an image that is not there.</summary>
    NoRamdisk,

    /// <summary>A VM has no <c>memory</c> or <c>vcpus</c>, or 0 of them.</summary>
    BadSize,

    /// <summary>A VM is guaranteed more memory than it may have.</summary>
    BadGuarantee,

    /// <summary>A VM's weight, cap, burst, affinity or real-time numbers are out of their ranges.</summary>
    BadScheduling,

    /// <summary>There is a VM of that name already.</summary>
    NameTaken,

    /// <summary>More VMs than the machine has room for beside those that it has.</summary>
    NoRoom,

    /// <summary>One of a VM's disks names no image or device, or both, or has a property that is out of range.</summary>
    BadDisk,

    /// <summary>A VM's network devices are more than 8, or one's numbers are out of their ranges.</summary>
    BadNetwork,
}

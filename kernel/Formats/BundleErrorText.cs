using System;

namespace SharpVisor.Formats;

/// <summary>Errors in words.</summary>
public static class BundleErrorText
{
    /// <summary>One phrase: what is wrong, and what would be right.</summary>
    public static ReadOnlySpan<byte> Describe(BundleError error) => error switch
    {
        BundleError.None => "no error"u8,
        BundleError.NotATree => "not a boot bundle: it must be a FIT image (flattened device tree)"u8,
        BundleError.TreeTooLarge => "the boot bundle's tree is larger than 1 MiB: image data must stand behind it"u8,
        BundleError.WrongTreeHash => "the boot bundle's tree does not match its hash (damaged file?)"u8,
        BundleError.NoVms => "boot bundle without virtual machines: /vms must hold a node for each"u8,
        BundleError.TooManyVms => "boot bundle with more than 256 virtual machines"u8,
        BundleError.TooManyImages => "boot bundle with more than 256 images"u8,
        BundleError.BadImage => "its data lies outside the bundle (truncated file?)"u8,
        BundleError.OverlappingImages => "its data overlaps another image's"u8,
        BundleError.UnknownHash => "its hash must be sha256 (32 bytes) or crc32 (4 bytes)"u8,
        BundleError.WrongHash => "its data does not match its hash (damaged file?)"u8,
        BundleError.BadName => "its name must be 1 to 31 of a-z, 0-9 and -"u8,
        BundleError.DuplicateName => "another virtual machine has the same name"u8,
        BundleError.BadProperty => "one of its properties has the wrong form"u8,
        BundleError.NoKernel => "its kernel property must name an image under /images"u8,
        BundleError.NoRamdisk => "its ramdisk property must name an image under /images"u8,
        BundleError.BadSize => "it must have memory (bytes) and vcpus, both above 0"u8,
        BundleError.BadGuarantee => "it must not be guaranteed more memory than it may have"u8,
        BundleError.NameTaken => "there is a virtual machine of that name already"u8,
        BundleError.BadDisk => "one of its disks must name an image under /images or a device, and have properties of the right form"u8,
        BundleError.BadNetwork => "it has more than 8 network devices, or one whose numbers are out of range"u8,
        BundleError.NoRoom => "there is no room for so many more virtual machines"u8,
        _ => "its weight, cap, burst, cpus or real-time budget is out of range"u8,
    };
}

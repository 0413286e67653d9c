using SharpVisor.Formats;

namespace SharpVisor.Console;

/// <summary>What became of a boot bundle that was uploaded.</summary>
internal struct UploadVerdict
{
    /// <summary>Why it is refused; <see cref="BundleError.None"/> where it is not, or where its bytes are not those that were meant.</summary>
    internal BundleError Error { get; set; }

    /// <summary>Name of the VM or image at fault, cut to what fits; empty where it is the bundle.</summary>
    internal VmName Culprit { get; set; }

    /// <summary>Number of VMs that were defined.</summary>
    internal int Vms { get; set; }
}

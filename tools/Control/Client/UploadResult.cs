using SharpVisor.Console;
using SharpVisor.Formats;

namespace SharpVisor.Control.Client;

/// <summary>What came of a bundle that was sent.</summary>
/// <param name="Outcome">Ok, or BadBundle, or another reason.</param>
/// <param name="VmsDefined">How many VMs are defined now that were not before.</param>
/// <param name="Error">What is wrong with the bundle.</param>
/// <param name="Culprit">Name of the VM or image at fault; may be empty.</param>
/// <param name="Reason">Why it was refused, in words.</param>
internal sealed record UploadResult(byte Outcome, int VmsDefined, BundleError Error, string Culprit, string Reason);

namespace SharpVisor.Bundles;

/// <summary>A file that goes into a bundle. Images of the same bytes are stored once.</summary>
/// <param name="FileName">Its name without folders: what the image is called.</param>
/// <param name="Data">Its bytes.</param>
public sealed record BundleImage(string FileName, byte[] Data);

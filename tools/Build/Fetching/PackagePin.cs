namespace SharpVisor.Build.Fetching;

/// <summary>One line of debian.lock: a package of which exactly one version is known to be good.</summary>
/// <param name="Role">What it is to us: <c>kernel-cloud</c>, <c>kernel-full</c>, <c>busybox</c>, <c>u-boot</c>.</param>
/// <param name="Newest">The package that leads to the newest version: itself, or a meta package that depends on it.</param>
/// <param name="Package">Its name.</param>
/// <param name="Version">Its version, as apt writes it.</param>
/// <param name="Sha256">SHA-256 of the .deb, 64 hexadecimal digits in lower case.</param>
internal sealed record PackagePin(string Role, string Newest, string Package, string Version, string Sha256);

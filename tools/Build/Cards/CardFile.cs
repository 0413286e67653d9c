namespace SharpVisor.Build.Cards;

/// <summary>A file of the card's boot partition.</summary>
/// <param name="Name">Its name there, in the root folder.</param>
/// <param name="Source">The file that it is a copy of.</param>
internal sealed record CardFile(string Name, string Source);

namespace SharpVisor.Machine.Ram;

/// <summary>What <see cref="PageSharing"/> found at an address.</summary>
internal enum PageVisit
{
    /// <summary>Nothing to do: the page is absent, or shared already.</summary>
    Nothing,

    /// <summary>A page that the VM has for itself.</summary>
    Private,

    /// <summary>A page of zeros, which has been given back.</summary>
    GivenBack,
}

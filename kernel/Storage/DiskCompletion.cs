using System.Threading;

namespace SharpVisor.Storage;

/// <summary>
/// Tells the clients of requests that have ended, each once, and at the end of a run of requests each client that it may
/// settle. A disk's interrupt handler makes one, adds what it finds, and ends it; it holds no lock meanwhile.
/// </summary>
public ref struct DiskCompletion
{
    private DiskClient? _client;

    /// <summary>Tells of a request that has ended.</summary>
    public void Add(DiskRequest request, DiskStatus status)
    {
        DiskClient? client = request.Client;
        if (_client != client)
        {
            _client?.Settle();
            _client = client;
        }

        request.Status = status;
        if (client != null)
        {
            client.Completed(request);
        }
        else
        {
            Volatile.Write(ref request.HasEnded, true);
        }
    }

    /// <summary>No more are found for now.</summary>
    public void End()
    {
        _client?.Settle();
        _client = null;
    }
}

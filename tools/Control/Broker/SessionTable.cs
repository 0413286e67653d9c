using System.Collections.Generic;
using System.Threading.Tasks;
using SharpVisor.Console;
using SharpVisor.Control.Wire;

namespace SharpVisor.Control.Broker;

/// <summary>The numbers of sessions, 1 to 255, and who has them. Used from several threads.</summary>
internal sealed class SessionTable
{
    /// <summary>Number of the broker's own request in a session.</summary>
    internal const ushort ByeId = 0xffff;

    private readonly Dictionary<byte, BrokerClient?> _clients = [];
    private readonly Dictionary<byte, TaskCompletionSource> _closing = [];
    private byte _last;

    /// <summary>Number of clients.</summary>
    internal int Count
    {
        get
        {
            lock (_clients)
            {
                return _clients.Count - _closing.Count;
            }
        }
    }

    /// <summary>Everybody who has a session.</summary>
    internal IReadOnlyList<BrokerClient> Clients()
    {
        List<BrokerClient> clients = [];
        lock (_clients)
        {
            foreach (BrokerClient? client in _clients.Values)
            {
                if (client is not null)
                {
                    clients.Add(client);
                }
            }
        }

        return clients;
    }

    /// <summary>Gives a client a number: the one that has been free for longest.</summary>
    /// <returns>False where none is free.</returns>
    internal bool TryOpen(BrokerClient client, out byte session)
    {
        lock (_clients)
        {
            session = _last;
            for (int i = 0; i < byte.MaxValue; i++)
            {
                session = session == byte.MaxValue ? (byte)1 : (byte)(session + 1);
                if (_clients.TryAdd(session, client))
                {
                    _last = session;
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>A session's client has gone; its number is kept until the machine has confirmed that.</summary>
    internal void Detach(byte session)
    {
        lock (_clients)
        {
            _clients[session] = null;
            _closing[session] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Whether a session's end is not yet confirmed.</summary>
    internal bool IsClosing(byte session)
    {
        lock (_clients)
        {
            return _closing.ContainsKey(session);
        }
    }

    /// <summary>Done when a session's end is confirmed.</summary>
    internal Task WhenClosed(byte session)
    {
        lock (_clients)
        {
            return _closing.TryGetValue(session, out TaskCompletionSource? closing) ? closing.Task : Task.CompletedTask;
        }
    }

    /// <summary>Takes an answer to whom it belongs; where nobody is there any more, it is dropped.</summary>
    internal void Take(in Frame answer)
    {
        BrokerClient? client;
        lock (_clients)
        {
            bool isKnown = _clients.TryGetValue(answer.Session, out client);
            bool isFarewell = answer.Operation == ((byte)ControlOperation.Bye | ControlFrame.AnswerBit) && answer.Id == ByeId;
            if (isKnown && client is null && isFarewell)
            {
                _clients.Remove(answer.Session);
                _closing.Remove(answer.Session, out TaskCompletionSource? closing);
                closing?.SetResult();
            }
        }

        client?.Send(answer with { Session = 0 });
    }
}

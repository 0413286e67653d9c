using System;
using System.Globalization;
using System.IO;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using SharpVisor.Control.Client;

namespace SharpVisor.Control.Broker;

/// <summary>
/// The socket that clients come to. One machine of a working copy has <c>control.sock</c>, the next <c>control-2.sock</c>
/// and so on; one that a machine left behind when it was killed is taken over.
/// </summary>
internal sealed class BrokerListener : IDisposable
{
    private const int MostMachines = 64;
    private const int Backlog = 16;

    private readonly Socket _socket;
    private readonly string _bound;
    private int _isDisposed;

    private BrokerListener(Socket socket, string path, string bound)
    {
        _socket = socket;
        Path = path;
        _bound = System.IO.Path.GetFullPath(bound);
    }

    /// <summary>The socket's path.</summary>
    internal string Path { get; }

    /// <summary>Listens at a path, or beside it where that is another machine's.</summary>
    /// <param name="path">Path that ends with <c>.sock</c>.</param>
    /// <exception cref="IOException">There is no place.</exception>
    internal static BrokerListener Open(string path)
    {
        string folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        Directory.CreateDirectory(folder);

        // Two machines that start at once must not both find the same socket left behind.
        using FileStream exclusive = AcquireLock(System.IO.Path.Combine(folder, ".control-lock"));
        string stem = System.IO.Path.GetFileNameWithoutExtension(path);
        for (int i = 1; i <= MostMachines; i++)
        {
            string name = i == 1 ? path : System.IO.Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{stem}-{i}.sock"));
            if (TryListen(name) is Socket socket)
            {
                return new BrokerListener(socket, name, name);
            }
        }

        throw new IOException($"{folder}: {MostMachines} machines have their sockets there");
    }

    /// <summary>Waits for the next client.</summary>
    internal async Task<Stream> AcceptAsync(CancellationToken cancellation)
    {
        try
        {
            return new NetworkStream(await _socket.AcceptAsync(cancellation), ownsSocket: true);
        }
        catch (SocketException exception)
        {
            throw new IOException(exception.Message, exception);
        }
    }

    /// <summary>Stops listening and removes the socket.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _socket.Dispose();
            File.Delete(_bound);
        }
    }

    private static Socket? TryListen(string path)
    {
        UnixDomainSocketEndPoint endPoint = new(ControlAddress.Fit(path));
        if (File.Exists(path))
        {
            using Socket probe = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                probe.Connect(endPoint);
                return null;
            }
            catch (SocketException)
            {
                // Nobody listens there: a machine that was killed left it.
                File.Delete(path);
            }
        }

        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(endPoint);
            socket.Listen(Backlog);
            return socket;
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw new IOException($"{path}: {exception.Message}", exception);
        }
    }

    private static FileStream AcquireLock(string path)
    {
        for (int i = 0; ; i++)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
            }
            catch (IOException) when (i < 100)
            {
                Thread.Sleep(20);
            }
        }
    }
}

using System;
using System.IO;
using System.Net.Sockets;
using System.Threading.Tasks;

namespace SharpVisor.Tests.Unit.Control;

/// <summary>A pair of connected sockets: the two ends of a control channel.</summary>
internal sealed class Line : IAsyncDisposable
{
    private Line(Stream near, Stream far)
    {
        Near = near;
        Far = far;
    }

    internal Stream Near { get; }

    internal Stream Far { get; }

    internal static async Task<Line> OpenAsync()
    {
        string folder = Directory.CreateTempSubdirectory("line").FullName;
        try
        {
            string path = Path.Combine(folder, "s");
            using Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            listener.Bind(new UnixDomainSocketEndPoint(path));
            listener.Listen(1);
            Stream near = await ConnectAsync(path);
            return new Line(near, new NetworkStream(await listener.AcceptAsync(), ownsSocket: true));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    internal static async Task<Stream> ConnectAsync(string path)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        return new NetworkStream(socket, ownsSocket: true);
    }

    public async ValueTask DisposeAsync()
    {
        await Near.DisposeAsync();
        await Far.DisposeAsync();
    }
}

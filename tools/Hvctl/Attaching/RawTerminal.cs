using System;
using System.IO;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;
using Microsoft.Win32.SafeHandles;

namespace SharpVisor.Hvctl.Attaching;

/// <summary>
/// The keyboard and the screen as bytes. Where they are a terminal, it is raw until this is disposed: keys come at once and
/// as they are, Ctrl-C too. Where they are pipes, nothing is changed.
/// </summary>
internal sealed class RawTerminal : IDisposable
{
    private const int Piece = 1024;

    private readonly Stream _output;
    private readonly Channel<byte[]> _input = Channel.CreateBounded<byte[]>(4);
    private readonly IDisposable? _mode;

    /// <summary>A terminal, or what stands for it.</summary>
    /// <param name="input">Where keys come from; read by a thread of its own, for a read of a terminal cannot be broken off.</param>
    /// <param name="output">The screen.</param>
    /// <param name="isInputTerminal">Whether a person types.</param>
    /// <param name="mode">Ends raw mode; or null.</param>
    internal RawTerminal(Stream input, Stream output, bool isInputTerminal, IDisposable? mode)
    {
        _output = output;
        _mode = mode;
        IsInputTerminal = isInputTerminal;
        new Thread(() => Read(input)) { IsBackground = true, Name = "keyboard" }.Start();
    }

    /// <summary>Whether a person types: otherwise the input has an end.</summary>
    internal bool IsInputTerminal { get; }

    /// <summary>What is typed, piece by piece; ends where it is a pipe that does.</summary>
    internal ChannelReader<byte[]> Input => _input.Reader;

    /// <summary>The process's own.</summary>
    internal static RawTerminal Open()
    {
        bool isTerminal = !System.Console.IsInputRedirected;
        IDisposable? mode = !isTerminal ? null : OperatingSystem.IsWindows() ? WindowsRawMode.Enter() : PosixRawMode.Enter();
        return new RawTerminal(OpenInput(), System.Console.OpenStandardOutput(), isTerminal, mode);
    }

    /// <summary>Shows bytes.</summary>
    internal async Task WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        await _output.WriteAsync(bytes);
        await _output.FlushAsync();
    }

    /// <summary>Gives the terminal back as it was.</summary>
    public void Dispose() => _mode?.Dispose();

    // Console.OpenStandardInput edits lines itself where it is a terminal.
    private static Stream OpenInput() => OperatingSystem.IsWindows()
        ? System.Console.OpenStandardInput()
        : new FileStream(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 0);

    private void Read(Stream input)
    {
        try
        {
            byte[] buffer = new byte[Piece];
            int count;
            while ((count = input.Read(buffer, 0, buffer.Length)) > 0)
            {
                _input.Writer.WriteAsync(buffer.AsSpan(0, count).ToArray()).AsTask().Wait();
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or UnauthorizedAccessException)
        {
            // A terminal that is gone has nothing more to say.
        }

        _input.Writer.TryComplete();
    }
}

using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;

namespace SharpVisor.Control.Client;

/// <summary>
/// Where a control channel is: a Unix socket (a broker's or QEMU's), or a serial device. Where none is named, it is the
/// socket of the machine that runs from the working copy that the caller stands in.
/// </summary>
internal static class ControlAddress
{
    /// <summary>The environment variable that names one.</summary>
    internal const string Variable = "HVCTL_SOCKET";

    /// <summary>Where the first machine of a working copy has its socket, from the root.</summary>
    internal const string UsualSocket = "build/run/control.sock";

    /// <summary>All machines' sockets, in <c>build/run</c>.</summary>
    internal const string SocketPattern = "control*.sock";

    private const string Landmark = "SharpVisor.slnx";

    // sockaddr_un has 108 bytes on Linux and 104 on macOS.
    private const int LongestSocketPath = 103;

    /// <summary>Chooses the address: the one that was given, the environment's, the working copy's.</summary>
    /// <param name="given">As it was typed, or null.</param>
    /// <exception cref="ControlException">There is none.</exception>
    internal static string Resolve(string? given)
    {
        string? named = string.IsNullOrEmpty(given) ? Environment.GetEnvironmentVariable(Variable) : given;
        if (!string.IsNullOrEmpty(named))
        {
            return named;
        }

        foreach (string start in (string[])[Environment.CurrentDirectory, AppContext.BaseDirectory])
        {
            if (FindRoot(start) is string root)
            {
                return Choose(root);
            }
        }

        throw new ControlException(ControlError.NoConnection, $"no machine is named: --socket PATH or {Variable} names the socket that 'make run' prints");
    }

    /// <summary>Opens the line.</summary>
    /// <param name="address">Path of a socket or of a serial device.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ControlException">There is nobody.</exception>
    internal static async Task<Stream> OpenAsync(string address, CancellationToken cancellation = default)
    {
        if (IsSerialDevice(address))
        {
            return OpenSerial(address);
        }

        if (!File.Exists(address))
        {
            string hint = Path.GetFileName(address).StartsWith("control", StringComparison.Ordinal) ? "no machine runs there; 'make run' starts one" : "there is no such socket";
            throw new ControlException(ControlError.NoConnection, $"{Shorten(address)}: {hint}");
        }

        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Fit(address)), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            string reason = exception.SocketErrorCode == SocketError.ConnectionRefused
                ? "nobody listens there any more; 'make run' starts a machine"
                : exception.Message;
            throw new ControlException(ControlError.NoConnection, $"{Shorten(address)}: {reason}", exception);
        }
    }

    /// <summary>A socket's path in the shortest form, for the system takes no long ones.</summary>
    /// <exception cref="ControlException">No form is short enough.</exception>
    internal static string Fit(string path)
    {
        string full = Path.GetFullPath(path);
        string relative = Path.GetRelativePath(Environment.CurrentDirectory, full);
        string shortest = relative.Length < full.Length ? relative : full;
        return shortest.Length <= LongestSocketPath
            ? shortest
            : throw new ControlException(ControlError.NoConnection, $"{path}: a socket's path has at most {LongestSocketPath} characters; name it from a folder that is nearer");
    }

    /// <summary>A path as people read it: from where they stand, where that is shorter.</summary>
    internal static string Shorten(string path)
    {
        string relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
        return relative.Length < path.Length ? relative : path;
    }

    private static string? FindRoot(string start)
    {
        for (DirectoryInfo? folder = new(start); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, Landmark)))
            {
                return folder.FullName;
            }
        }

        return null;
    }

    /// <summary>The usual socket where it is there; otherwise the only one that is.</summary>
    private static string Choose(string root)
    {
        string usual = Path.Combine(root, UsualSocket.Replace('/', Path.DirectorySeparatorChar));
        string folder = Path.GetDirectoryName(usual)!;
        if (File.Exists(usual) || !Directory.Exists(folder))
        {
            return usual;
        }

        List<string> others = Directory.EnumerateFiles(folder, SocketPattern).ToList();
        return others.Count switch
        {
            0 => usual,
            1 => others[0],
            _ => throw new ControlException(
                ControlError.NoConnection,
                $"several machines run: --socket names one of {string.Join(", ", others.Order().Select(Shorten))}"),
        };
    }

    private static bool IsSerialDevice(string address)
    {
        if (OperatingSystem.IsWindows())
        {
            return address.StartsWith("COM", StringComparison.OrdinalIgnoreCase) || address.StartsWith(@"\\.\", StringComparison.Ordinal);
        }

        return address.StartsWith("/dev/", StringComparison.Ordinal);
    }

    private static FileStream OpenSerial(string device)
    {
        try
        {
            if (!OperatingSystem.IsWindows())
            {
                SetRaw(device);
            }

            return new FileStream(device, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0, FileOptions.Asynchronous);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or Win32Exception)
        {
            throw new ControlException(ControlError.NoConnection, $"{device}: {exception.Message}", exception);
        }
    }

    /// <summary>Every byte goes through as it is, 115,200 a second (what the boards' firmware sets).</summary>
    private static void SetRaw(string device)
    {
        string option = OperatingSystem.IsLinux() ? "-F" : "-f";
        ProcessStartInfo start = new("stty", [option, device, "115200", "raw", "-echo", "clocal"]) { RedirectStandardError = true };
        using Process stty = Process.Start(start)!;
        string errors = stty.StandardError.ReadToEnd();
        stty.WaitForExit();
        if (stty.ExitCode != 0)
        {
            throw new IOException(errors.Trim());
        }
    }
}

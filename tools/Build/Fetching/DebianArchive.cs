using System;
using System.Collections.Generic;
using System.IO;
using System.Security.Cryptography;
using System.Threading;
using System.Threading.Tasks;

namespace SharpVisor.Build.Fetching;

/// <summary>
/// Debian's arm64 packages through the host's apt, its sources and its keys, but with a state folder of our own: the
/// system is not changed and root is not needed. apt checks the index's signature and each package's hash against the
/// index; the pinned hash is checked here.
/// </summary>
internal sealed class DebianArchive
{
    private const int UpdateSeconds = 180;
    private const int DownloadSeconds = 900;
    private const int UnpackSeconds = 300;
    private const int ProgramNotFound = 127;
    private const string Stamp = ".package";

    private readonly string _stateFolder;
    private readonly string _unpackedFolder;
    private readonly Action<string> _say;
    private bool _indexIsFresh;
    private string? _indexProblem;

    /// <summary>Opens the archive.</summary>
    /// <param name="stateFolder">apt's lists and the downloaded packages; made when missing.</param>
    /// <param name="unpackedFolder">Where packages are unpacked, a folder each.</param>
    /// <param name="say">Takes progress lines.</param>
    internal DebianArchive(string stateFolder, string unpackedFolder, Action<string> say)
    {
        _stateFolder = Path.GetFullPath(stateFolder);
        _unpackedFolder = Path.GetFullPath(unpackedFolder);
        _say = say;
    }

    private string Downloads => Path.Combine(_stateFolder, "downloads");

    /// <summary>The folder with the package's files; fetched, verified and unpacked when it is not there yet.</summary>
    /// <exception cref="FetchException">It could not be had; the message says what was tried.</exception>
    internal async Task<string> FetchAsync(PackagePin pin)
    {
        string folder = Path.Combine(_unpackedFolder, pin.Role);
        if (IsPresent(folder, pin))
        {
            return folder;
        }

        // apt's state is for one at a time; who had to wait may find it fetched.
        using IDisposable exclusive = await FileLock.AcquireAsync(
            Path.Combine(_stateFolder, ".lock"), () => _say("waiting for another fetch into this working copy"));
        if (!IsPresent(folder, pin))
        {
            await FetchAsync(pin, folder);
        }

        return folder;
    }

    private static string ContentOf(PackagePin pin) => $"{pin.Package} {pin.Version} {pin.Sha256}";

    /// <summary>Whether it is there. A version that replaced the pinned one stands until the pin changes.</summary>
    private static bool IsPresent(string folder, PackagePin pin)
    {
        string stamp = Path.Combine(folder, Stamp);
        return File.Exists(stamp) && File.ReadAllText(stamp).StartsWith(ContentOf(pin), StringComparison.Ordinal);
    }

    private async Task FetchAsync(PackagePin pin, string folder)
    {
        string package;
        string content = ContentOf(pin);
        try
        {
            package = await DownloadAsync(pin.Package, pin.Version);
            string hash = HashOf(package);
            if (hash != pin.Sha256)
            {
                File.Delete(package);
                throw new FetchException($"{pin.Package} {pin.Version} has SHA-256 {hash}, but debian.lock pins {pin.Sha256}");
            }
        }
        catch (PackageNotServedException)
        {
            (string name, string version) = await FindNewestAsync(pin);
            _say($"{pin.Package} {pin.Version} is no longer served; taking {name} {version}, which the signed index names");
            package = await DownloadAsync(name, version);
            content += $" replaced by {name} {version} {HashOf(package)}";
        }

        // Unpacked beside its place and moved there, so that a folder is whole or absent.
        string fresh = folder + ".new";
        DeleteFolder(fresh);
        Directory.CreateDirectory(fresh);
        await ExecuteAsync("dpkg-deb", ["-x", package, fresh], UnpackSeconds);
        File.WriteAllText(Path.Combine(fresh, Stamp), content);
        DeleteFolder(folder);
        Directory.Move(fresh, folder);
    }

    private async Task<string> DownloadAsync(string name, string version)
    {
        Directory.CreateDirectory(Downloads);

        if (FindDownload(name, version) is { } present)
        {
            return present;
        }

        await UpdateIndexAsync();
        _say($"fetching {name} {version} (arm64)");
        (int exitCode, string output) = await TryExecuteAsync("apt-get", AptArguments("-q", "download", $"{name}={version}"), DownloadSeconds);
        if (exitCode == 0 && FindDownload(name, version) is { } fetched)
        {
            return fetched;
        }

        if (output.Contains("was not found", StringComparison.Ordinal) || output.Contains("Unable to locate package", StringComparison.Ordinal)
            || output.Contains("404", StringComparison.Ordinal))
        {
            throw new PackageNotServedException($"apt knows no {name} {version} for arm64: {LastLine(output)}");
        }

        throw new FetchException($"apt-get download {name}={version} failed: {LastLine(output)}");
    }

    private string? FindDownload(string name, string version)
    {
        // apt writes the epoch's colon as %3a in the file's name. Firmware for machines is a package for "all".
        string start = Path.Combine(Downloads, $"{name}_{version.Replace(":", "%3a", StringComparison.Ordinal)}_");
        foreach (string architecture in (string[])["arm64", "all"])
        {
            string file = start + architecture + ".deb";
            if (File.Exists(file))
            {
                return file;
            }
        }

        return null;
    }

    private async Task<(string Name, string Version)> FindNewestAsync(PackagePin pin)
    {
        string name = pin.Newest;
        if (pin.Newest != pin.Package)
        {
            name = await FieldAsync("depends", pin.Newest, "Depends:");
        }

        return (name, await FieldAsync("policy", name, "Candidate:"));
    }

    /// <summary>What apt-cache knows of a package.</summary>
    private async Task<string> FieldAsync(string command, string name, string field)
    {
        (_, string output) = await TryExecuteAsync("apt-cache", AptArguments(command, name), UpdateSeconds);
        string reason = _indexProblem is null ? "" : $" (apt-get update said: {_indexProblem.Trim()})";
        return FieldOf(output, field) ?? throw new FetchException($"apt's sources have no {name} for arm64{reason}");
    }

    private async Task UpdateIndexAsync()
    {
        if (_indexIsFresh)
        {
            return;
        }

        foreach (string folder in (string[])["state/lists/partial", "cache/archives/partial"])
        {
            Directory.CreateDirectory(Path.Combine(_stateFolder, folder));
        }

        string status = Path.Combine(_stateFolder, "state/status");
        if (!File.Exists(status))
        {
            File.WriteAllText(status, "");
        }

        _say("reading the index of Debian's arm64 packages (apt-get update, own state folder)");

        // Other people's sources without arm64 make it complain; what counts is whether the package is found.
        (_, string output) = await TryExecuteAsync("apt-get", AptArguments("-q", "update"), UpdateSeconds);
        _indexProblem = Array.Find(output.Split('\n'), line => line.Contains("Failed to fetch", StringComparison.Ordinal) || line.StartsWith("E:", StringComparison.Ordinal));
        _indexIsFresh = true;
    }

    private List<string> AptArguments(params ReadOnlySpan<string> command)
    {
        List<string> arguments =
        [
            "-o", "APT::Architecture=arm64",
            "-o", "APT::Architectures=arm64",
            "-o", "APT::Sandbox::User=" + Environment.UserName,
            "-o", "Acquire::Retries=2",
            "-o", "Acquire::http::Timeout=30",
            "-o", "Dir::State=" + Path.Combine(_stateFolder, "state"),
            "-o", "Dir::State::status=" + Path.Combine(_stateFolder, "state/status"),
            "-o", "Dir::Cache=" + Path.Combine(_stateFolder, "cache"),
        ];
        arguments.AddRange(command);
        return arguments;
    }

    private async Task<string> ExecuteAsync(string program, IReadOnlyList<string> arguments, int seconds)
    {
        (int exitCode, string output) = await TryExecuteAsync(program, arguments, seconds);
        return exitCode == 0 ? output : throw new FetchException($"{program} failed: {LastLine(output)}");
    }

    private async Task<(int ExitCode, string Output)> TryExecuteAsync(string program, IReadOnlyList<string> arguments, int seconds)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(seconds));
        Dictionary<string, string?> environment = new() { ["LC_ALL"] = "C" };
        try
        {
            // apt-get download leaves the package in the working folder.
            ProcessResult result = await ChildProcess.CaptureAsync("env", ["-C", Downloads, program, .. arguments], environment, null, limit.Token);
            return result.ExitCode == ProgramNotFound
                ? throw new FetchException($"{program} is not on this machine")
                : (result.ExitCode, result.Output);
        }
        catch (OperationCanceledException)
        {
            throw new FetchException($"{program} did not end within {seconds} s");
        }
        catch (BuildException exception)
        {
            throw new FetchException($"{program} cannot be run here: {exception.Message}");
        }
    }

    private static string HashOf(string file)
    {
        using FileStream stream = File.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    private static string? FieldOf(string text, string name)
    {
        foreach (string line in text.Split('\n'))
        {
            string trimmed = line.Trim();
            if (trimmed.StartsWith(name, StringComparison.Ordinal))
            {
                string value = trimmed[name.Length..].Trim();
                return value is "" or "(none)" ? null : value;
            }
        }

        return null;
    }

    private static string LastLine(string text)
    {
        string[] lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return lines.Length == 0 ? "no output" : lines[^1];
    }

    private static void DeleteFolder(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}

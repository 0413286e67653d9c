using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Tasks;

namespace SharpVisor.Build.Pipeline;

/// <summary>
/// Leaves out steps whose outcome is there already. A step's fingerprint is a hash of its inputs' contents and its
/// flags; beside it are kept the hashes of its outputs, so that a file which somebody else changed is made again.
/// </summary>
internal sealed class StepCache
{
    private readonly string _folder = Path.Combine(Repository.Intermediate, "stamps");
    private readonly Dictionary<string, string> _hashes = [];

    /// <summary>Does a step unless nothing that it depends on changed.</summary>
    /// <param name="action">One word for the progress line.</param>
    /// <param name="subject">What it makes; with the action, unique.</param>
    /// <param name="flags">What beside the inputs decides the outcome: arguments, versions.</param>
    /// <param name="inputs">Files that are read.</param>
    /// <param name="outputs">Files that are written.</param>
    /// <param name="work">The step.</param>
    internal async Task RunAsync(
        string action,
        string subject,
        IEnumerable<string> flags,
        IReadOnlyList<string> inputs,
        IReadOnlyList<string> outputs,
        Func<Task> work)
    {
        string stamp = Path.Combine(_folder, $"{action}.{subject.Replace('/', '.')}");
        string before = Fingerprint(flags, inputs);
        if (outputs.All(File.Exists) && File.Exists(stamp) && await File.ReadAllTextAsync(stamp) == before + HashAll(outputs))
        {
            return;
        }

        Directory.CreateDirectory(_folder);
        File.Delete(stamp);
        foreach (string output in outputs)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(output)!);
            _hashes.Remove(output);
        }

        await Progress.StepAsync(action, subject, work);
        foreach (string output in outputs)
        {
            _hashes.Remove(output);
        }

        await File.WriteAllTextAsync(stamp, before + HashAll(outputs));
    }

    private string Fingerprint(IEnumerable<string> flags, IReadOnlyList<string> inputs)
    {
        StringBuilder text = new();
        text.AppendJoin('\n', flags).Append('\n');
        foreach (string input in inputs)
        {
            text.Append(Repository.Shorten(input)).Append('\n').Append(Hash(input)).Append('\n');
        }

        return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()))) + "\n";
    }

    private string HashAll(IReadOnlyList<string> files) => string.Join('\n', files.Select(Hash));

    private string Hash(string file)
    {
        if (!_hashes.TryGetValue(file, out string? hash))
        {
            using FileStream stream = File.OpenRead(file);
            hash = Convert.ToHexString(SHA256.HashData(stream));
            _hashes[file] = hash;
        }

        return hash;
    }
}

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;

namespace SharpVisor.Build.Symbols;

/// <summary>
/// The frames of a report of the hypervisor's (kernel/Debug/Panic.cs), wherever it was pasted from. The image may have lain at any
/// address; names and distances in the frames tell where.
/// </summary>
internal sealed partial class PanicReport
{
    private const ulong InstructionSize = 4;

    private PanicReport(IReadOnlyDictionary<int, ulong> frames, ulong loadAddress)
    {
        Frames = frames;
        LoadAddress = loadAddress;
    }

    /// <summary>The image's place in the instruction that each frame's line means, by number of the line.</summary>
    internal IReadOnlyDictionary<int, ulong> Frames { get; }

    /// <summary>Where the image was.</summary>
    internal ulong LoadAddress { get; }

    /// <summary>Reads a report.</summary>
    /// <param name="lines">Its lines, and any others.</param>
    /// <param name="functions">The image's functions, by name.</param>
    /// <exception cref="BuildException">It has no frames, or is another image's.</exception>
    internal static PanicReport Read(IReadOnlyList<string> lines, IReadOnlyList<(ulong Address, string Name)> functions)
    {
        ILookup<string, ulong> starts = functions.ToLookup(function => function.Name, function => function.Address);
        Dictionary<int, ulong> addresses = [];
        Dictionary<ulong, int> places = [];
        HashSet<ulong> interrupted = [];
        int named = 0;
        for (int i = 0; i < lines.Count; i++)
        {
            if (ProgramCounter().Match(lines[i]) is { Success: true } counter)
            {
                interrupted.Add(Hex(counter.Groups[1].Value));
            }

            Match frame = Frame().Match(lines[i]);
            if (!frame.Success)
            {
                continue;
            }

            ulong address = Hex(frame.Groups[1].Value);
            addresses[i] = address;
            if (frame.Groups[2].Success)
            {
                named++;
                foreach (ulong start in starts[frame.Groups[2].Value])
                {
                    ulong place = address - Hex(frame.Groups[3].Value) - start;
                    places[place] = places.GetValueOrDefault(place) + 1;
                }
            }
        }

        if (addresses.Count == 0)
        {
            throw new BuildException("There is no frame in this: lines such as '    at 0000000040207ddc  SharpVisor.Machine.VmFactory.Make + 0x5c' are looked for.");
        }

        (ulong load, int agreeing) = places.OrderByDescending(place => place.Value).Select(place => (place.Key, place.Value)).FirstOrDefault();
        if (agreeing == 0 || agreeing * 2 < named)
        {
            throw new BuildException("This report is not of build/sharpvisor.elf: its functions lie elsewhere there. Build the version that made it.");
        }

        // A return address is behind the call that is meant. An abandoned guest's report has no PC: its first frame is the place itself.
        bool isFirst = interrupted.Count == 0 && lines.Any(line => line.Contains(" (ESR 0x", StringComparison.Ordinal));
        Dictionary<int, ulong> frames = [];
        foreach ((int line, ulong address) in addresses.OrderBy(frame => frame.Key))
        {
            bool isPlace = interrupted.Remove(address) || isFirst;
            isFirst = false;
            frames[line] = address - load - (isPlace ? 0 : InstructionSize);
        }

        return new PanicReport(frames, load);
    }

    private static ulong Hex(string digits) => ulong.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\bat ([0-9a-f]{16})(?:  (\S.*?) \+ 0x([0-9a-f]+))?\s*$")]
    private static partial Regex Frame();

    [GeneratedRegex(@"  PC ([0-9a-f]{16})  PSTATE ")]
    private static partial Regex ProgramCounter();
}

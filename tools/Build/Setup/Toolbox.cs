using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;

namespace SharpVisor.Build.Setup;

/// <summary>Brings the programs that a verb needs: found, or installed where that can be done without asking.</summary>
internal static class Toolbox
{
    /// <summary>The path of one program. See <see cref="RequireAsync(IReadOnlyList{Tool})"/>.</summary>
    internal static async Task<string> RequireAsync(Tool tool) => (await RequireAsync([tool]))[0];

    /// <summary>The paths of these programs, in their order.</summary>
    /// <exception cref="BuildException">Some are not there and cannot be installed; the message says what to install.</exception>
    internal static async Task<IReadOnlyList<string>> RequireAsync(IReadOnlyList<Tool> tools)
    {
        List<Tool> missing = Missing(tools);
        if (missing.Count > 0 && Apt.IsUsable)
        {
            await Apt.InstallAsync(missing.Select(tool => tool.Debian).Distinct().ToList());
            missing = Missing(tools);
        }

        return missing.Count == 0
            ? tools.Select(tool => ProgramPath.Find(tool.Names)!).ToList()
            : throw new BuildException(Advice(missing));
    }

    /// <summary>What to type to get these programs, on each kind of system.</summary>
    internal static string Advice(IReadOnlyList<Tool> missing)
    {
        string List(Func<Tool, string> package) => string.Join(' ', missing.Select(package).Distinct());
        return $"""
            Not found: {List(tool => tool.Names[0])}. Install with
              Debian, Ubuntu   sudo apt-get install --no-install-recommends {List(tool => tool.Debian)}
              Fedora           sudo dnf install {List(tool => tool.Fedora)}
              macOS            brew install {List(tool => tool.Homebrew)}
              Windows          winget install {List(tool => tool.Windows)}
            and try again.
            """;
    }

    private static List<Tool> Missing(IReadOnlyList<Tool> tools) => tools.Where(tool => ProgramPath.Find(tool.Names) is null).ToList();
}

using System;
using System.IO;

namespace SharpVisor.Build;

/// <summary>Where things lie.</summary>
internal static class Repository
{
    /// <summary>The folder that holds SharpVisor.slnx, found upward from this program.</summary>
    internal static string Root { get; } = FindRoot();

    /// <summary>build/: everything that is made, nothing else.</summary>
    internal static string Output => Path.Combine(Root, "build");

    /// <summary>build/obj/: what is made on the way.</summary>
    internal static string Intermediate => Path.Combine(Output, "obj");

    internal static string Image => Path.Combine(Output, "sharpvisor.img");

    internal static string Elf => Path.Combine(Output, "sharpvisor.elf");

    /// <summary>Where the first machine that runs has its control channel.</summary>
    internal static string ControlSocket => Path.Combine(Output, "run", "control.sock");

    internal static string GuestImage(string name) => Path.Combine(Output, "guests", name + ".img");

    internal static string GuestElf(string name) => Path.Combine(Output, "guests", name + ".elf");

    /// <summary>A path below the root, from parts separated by '/'.</summary>
    internal static string Combine(string relative) => Path.Combine(Root, relative.Replace('/', Path.DirectorySeparatorChar));

    /// <summary>A path as people read it: from the root, with '/'.</summary>
    internal static string Shorten(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "SharpVisor.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new BuildException("SharpVisor.slnx is in no folder above " + AppContext.BaseDirectory);
    }
}

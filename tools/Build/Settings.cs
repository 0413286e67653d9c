using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace SharpVisor.Build;

/// <summary>
/// The values of the variables for this invocation: arguments first, then the environment, then the table's own.
/// </summary>
internal sealed class Settings
{
    private readonly Dictionary<string, string> _given;

    private Settings(Dictionary<string, string> given)
    {
        _given = given;
    }

    internal string Board => this[Variables.Board];

    /// <summary>The processor's QEMU name.</summary>
    internal string Cpu => IsGiven(Variables.Cpu) ? this[Variables.Cpu] : Board == "virt" ? "cortex-a72" : "cortex-a53";

    internal int Smp => Board == "virt" ? Number(Variables.Smp) : 4;

    /// <summary>As QEMU takes it, for instance 1G.</summary>
    internal string Mem => this[Variables.Mem];

    internal int Gic => Number(Variables.Gic);

    /// <summary>A file, one of the words in <see cref="Variables"/>, or empty: the default guest.</summary>
    internal string Guest => this[Variables.Guest];

    /// <summary>A file, or empty.</summary>
    internal string Initrd => this[Variables.Initrd];

    internal string CommandLine => this[Variables.CommandLine];

    internal int VCpus => IsGiven(Variables.VCpus) ? Number(Variables.VCpus) : Smp;

    /// <summary>Bytes of the guest's memory.</summary>
    internal long MemoryBytes => Variables.ParseSize(this[Variables.Memory])!.Value;

    internal int GuestGic => IsGiven(Variables.GuestGic) ? Number(Variables.GuestGic) : Gic;

    internal int Seed => Number(Variables.Seed);

    internal int Length => Number(Variables.Length);

    internal string Qemu => this[Variables.Qemu];

    /// <summary>Image of a disk of the machine; empty for none.</summary>
    internal string Disk => this[Variables.Disk];

    /// <summary>Where it is: mmio or pci.</summary>
    internal string DiskBus => this[Variables.DiskBus];

    /// <summary>More arguments for the emulator, split as a shell would.</summary>
    internal IReadOnlyList<string> QemuArguments => QuotedWords.Split(this[Variables.QemuArguments]);

    /// <summary>What hvctl is called with, split as a shell would.</summary>
    internal IReadOnlyList<string> Words => QuotedWords.Split(this[Variables.Arguments]);

    internal bool UseBflat => this[Variables.Toolchain] == "bflat";

    internal string this[Variable variable] => _given.TryGetValue(variable.Name, out string? value) ? value : variable.Initial;

    internal bool IsGiven(Variable variable) => _given.ContainsKey(variable.Name);

    /// <summary>Reads and checks the variables.</summary>
    /// <param name="arguments">Each NAME=VALUE. A wrong name is an error.</param>
    /// <param name="environment">Answers the value of an environment variable or null.</param>
    /// <exception cref="BuildException">A name or a value is wrong; the message says what would be right.</exception>
    internal static Settings Parse(IEnumerable<string> arguments, Func<string, string?> environment)
    {
        Dictionary<string, string> given = [];
        foreach (Variable variable in Variables.All)
        {
            given[variable.Name] = environment(variable.Name) ?? string.Empty;
        }

        foreach (string name in MakeFlags.VariableNames(environment("MAKEFLAGS") ?? string.Empty))
        {
            RequireKnown(name);
        }

        foreach (string argument in arguments)
        {
            int equals = argument.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                throw new BuildException($"'{argument}' is not NAME=VALUE.", BuildException.WrongUsage);
            }

            RequireKnown(argument[..equals]);
            given[argument[..equals]] = argument[(equals + 1)..];
        }

        foreach (Variable variable in Variables.All)
        {
            string value = given[variable.Name];
            if (value.Length == 0)
            {
                given.Remove(variable.Name);
            }
            else if (variable.Check(value) is string wanted)
            {
                throw new BuildException($"{variable.Name}={value} is wrong: it takes {wanted}.", BuildException.WrongUsage);
            }
        }

        return new Settings(given);
    }

    private static void RequireKnown(string name)
    {
        if (Variables.All.All(variable => variable.Name != name))
        {
            string names = string.Join(' ', Variables.All.Select(variable => variable.Name));
            throw new BuildException($"There is no variable {name}. There are: {names}.", BuildException.WrongUsage);
        }
    }

    private int Number(Variable variable) => int.Parse(this[variable], CultureInfo.InvariantCulture);
}

using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;

namespace SharpVisor.Build;

/// <summary><c>SharpVisor.Build VERB NAME=VALUE...</c>: finds the verb, reads the variables, does it.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] arguments)
    {
        try
        {
            Verb verb = FindVerb(arguments.FirstOrDefault() ?? "help");
            return await verb.ExecuteAsync(Settings.Parse(arguments.Skip(1), Environment.GetEnvironmentVariable));
        }
        catch (BuildException exception)
        {
            Console.Error.WriteLine(exception.Message);
            return exception.ExitCode;
        }
    }

    private static Verb FindVerb(string name)
    {
        Verb? verb = Verbs.All.FirstOrDefault(verb => verb.Name == name);
        if (verb is null)
        {
            IEnumerable<string> names = Verbs.All.Select(verb => verb.Name);
            throw new BuildException($"There is no verb {name}. There are: {string.Join(' ', names)}.", BuildException.WrongUsage);
        }

        return verb;
    }
}

using System;
using System.CommandLine;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using SharpVisor.Control.Client;

namespace SharpVisor.Hvctl.Commands;

/// <summary>A verb of the command line: does its work and turns whatever goes wrong into words and an exit code.</summary>
internal static class Verb
{
    /// <summary>Makes a verb.</summary>
    /// <param name="host">What hvctl is started in.</param>
    /// <param name="name">As it is typed.</param>
    /// <param name="meaning">For the help page.</param>
    /// <param name="execute">Does it; answers the exit code.</param>
    internal static Command Create(Host host, string name, string meaning, Func<Invocation, Task<int>> execute)
    {
        Command command = new(name, meaning);
        command.SetAction((words, cancellation) => RunAsync(host, words, execute, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(Host host, ParseResult words, Func<Invocation, Task<int>> execute, CancellationToken cancellation)
    {
        await using Invocation invocation = new(host, words, cancellation);
        Failure failure;
        try
        {
            return await execute(invocation);
        }
        catch (Failure exception)
        {
            failure = exception;
        }
        catch (ControlException exception)
        {
            failure = Failure.From(exception, words.CommandResult.Command.Name);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            failure = new Failure(ExitCode.Interrupted, "interrupted", "broken off");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            failure = new Failure(ExitCode.Refused, "file", exception.Message);
        }

        Invocation.Report(host, invocation.IsJson, failure);
        return failure.ExitCode;
    }
}

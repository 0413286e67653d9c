using System;
using System.Diagnostics;
using System.Globalization;
using System.Threading.Tasks;

namespace SharpVisor.Build;

/// <summary>One line a step: what is done, and when it is done how long it took.</summary>
internal static class Progress
{
    /// <summary>Does one step and reports it.</summary>
    /// <param name="action">One word, for instance link.</param>
    /// <param name="subject">To what.</param>
    /// <param name="work">The step.</param>
    internal static async Task StepAsync(string action, string subject, Func<Task> work)
    {
        Stopwatch watch = Stopwatch.StartNew();
        Console.Write($"  {action,-10} {subject,-48} ");
        try
        {
            await work();
        }
        catch
        {
            Console.WriteLine("failed");
            throw;
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{watch.Elapsed.TotalSeconds,6:0.00} s"));
    }

    internal static Task StepAsync(string action, string subject, Action work) =>
        StepAsync(action, subject, () =>
        {
            work();
            return Task.CompletedTask;
        });
}

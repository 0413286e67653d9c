using System;
using System.Collections.Generic;
using System.Threading.Tasks;

namespace SharpVisor.Build.Running;

/// <summary>The hypervisor's prompt on a machine's console, in a program's hands.</summary>
/// <param name="machine">The machine.</param>
/// <param name="limit">How long to wait for each thing.</param>
internal sealed class HypervisorPrompt(EmulatedMachine machine, TimeSpan limit)
{
    private const string Prompt = "hv> ";
    private const string EscapeKey = "\u001d";
    private const int TailLength = 1000;

    /// <summary>Place in the console's output up to which everything was looked at.</summary>
    internal int Place { get; private set; }

    /// <summary>Waits until the console has shown a text that was not looked at before.</summary>
    /// <exception cref="BuildException">It did not come.</exception>
    internal async Task ExpectAsync(string text)
    {
        int place = await machine.WaitForAsync(text, Place, limit);
        if (place < 0)
        {
            string output = machine.Output;
            throw new BuildException($"'{text}' did not come; the console ends with: {output[Math.Max(0, output.Length - TailLength)..]}");
        }

        Place = place;
    }

    /// <summary>Waits until a prompt comes.</summary>
    internal Task ExpectPromptAsync() => ExpectAsync(Prompt);

    /// <summary>Leaves the attached VM.</summary>
    internal async Task LeaveAsync()
    {
        await machine.TypeAsync(EscapeKey);
        await ExpectPromptAsync();
    }

    /// <summary>Types a command; its answer has these texts, in this order, and the prompt comes back.</summary>
    /// <returns>The whole answer, and what the log said meanwhile.</returns>
    internal async Task<string> AskAsync(string command, params string[] answers)
    {
        await machine.TypeAsync(command + "\r");
        await ExpectAsync(command + "\n");
        int begin = Place;
        foreach (string answer in answers)
        {
            await ExpectAsync(answer);
        }

        await ExpectPromptAsync();
        return machine.Output[begin..Place];
    }

    /// <summary>Types commands one behind the other, without waiting for an answer.</summary>
    /// <returns>The answer to each.</returns>
    internal async Task<IReadOnlyList<string>> AskAtOnceAsync(IReadOnlyList<string> commands)
    {
        await machine.TypeAsync(string.Join('\r', commands) + "\r");
        List<string> answers = [];
        foreach (string command in commands)
        {
            await ExpectAsync(command + "\n");
            int begin = Place;
            await ExpectPromptAsync();
            answers.Add(machine.Output[begin..Place]);
        }

        return answers;
    }

    /// <summary>Attaches to a VM.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="text">What it must have written, or write; or null.</param>
    internal async Task AttachAsync(string name, string? text = null)
    {
        await machine.TypeAsync($"attach {name}\r");
        await ExpectAsync($"[attached to {name}");
        if (text is not null)
        {
            await ExpectAsync(text);
        }
    }

    /// <summary>Attaches to a VM. False where it is not ready yet.</summary>
    internal async Task<bool> TryAttachAsync(string name)
    {
        const string Attached = "[attached to ";
        const string NotYet = " in a moment: try again";
        await machine.TypeAsync($"attach {name}\r");
        await ExpectAsync($"attach {name}\n");
        int attached = await machine.WaitForAnyAsync(Place, limit, Attached + name, NotYet);
        await ExpectAsync(attached == 0 ? Attached + name : NotYet);
        if (attached != 0)
        {
            await ExpectPromptAsync();
        }

        return attached == 0;
    }

    /// <summary>Checks that a guest, which echoes what it gets, runs.</summary>
    internal async Task EchoAsync(string name, string text)
    {
        await AttachAsync(name);
        await machine.TypeAsync(text);
        await ExpectAsync(text);
        await LeaveAsync();
    }

    /// <summary>The lines of <c>mem</c> that say what is free, and how much of it is kept for whom it is promised to.</summary>
    internal async Task<string> ReadFreeMemoryAsync()
    {
        string answer = await AskAsync("mem", "\nfree", "\nall");
        return answer[(answer.IndexOf("\nfree", StringComparison.Ordinal) + 1)..answer.IndexOf("\nall", StringComparison.Ordinal)];
    }
}

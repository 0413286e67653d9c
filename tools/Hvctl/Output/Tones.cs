using SharpVisor.Console;
using Spectre.Console;

namespace SharpVisor.Hvctl.Output;

/// <summary>Colours as escape sequences and as Spectre's styles; the terminal's own sixteen.</summary>
internal static class Tones
{
    /// <summary>The colour of a VM's state.</summary>
    internal static Tone Of(VmState state) => state switch
    {
        VmState.Running => Tone.Good,
        VmState.Paused => Tone.Odd,
        VmState.Crashed => Tone.Bad,
        _ => Tone.Plain,
    };

    /// <summary>A text in a colour, where there are colours.</summary>
    internal static string Apply(Tone tone, string text, bool hasColour)
    {
        string code = tone switch
        {
            Tone.Strong => "1",
            Tone.Good => "32",
            Tone.Odd => "33",
            Tone.Bad => "31",
            _ => "",
        };
        return hasColour && code.Length != 0 ? $"\u001b[{code}m{text}\u001b[0m" : text;
    }

    /// <summary>A text as Spectre writes it.</summary>
    internal static Text Styled(Tone tone, string text) => new(text, tone switch
    {
        Tone.Strong => new Style(decoration: Decoration.Bold),
        Tone.Good => new Style(foreground: Color.Green),
        Tone.Odd => new Style(foreground: Color.Yellow),
        Tone.Bad => new Style(foreground: Color.Red),
        _ => Style.Plain,
    });
}

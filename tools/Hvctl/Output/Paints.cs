using SharpVisor.Console;
using Spectre.Console;

namespace SharpVisor.Hvctl.Output;

/// <summary>Colours as escape sequences and as Spectre's styles; the terminal's own sixteen.</summary>
internal static class Paints
{
    /// <summary>The colour of a VM's state.</summary>
    internal static Paint Of(VmState state) => state switch
    {
        VmState.Running => Paint.Good,
        VmState.Paused => Paint.Odd,
        VmState.Crashed => Paint.Bad,
        _ => Paint.Plain,
    };

    /// <summary>A text in a colour, where there are colours.</summary>
    internal static string Apply(Paint paint, string text, bool hasColour)
    {
        string code = paint switch
        {
            Paint.Strong => "1",
            Paint.Good => "32",
            Paint.Odd => "33",
            Paint.Bad => "31",
            _ => "",
        };
        return hasColour && code.Length != 0 ? $"\u001b[{code}m{text}\u001b[0m" : text;
    }

    /// <summary>A text as Spectre writes it.</summary>
    internal static Text Styled(Paint paint, string text) => new(text, paint switch
    {
        Paint.Strong => new Style(decoration: Decoration.Bold),
        Paint.Good => new Style(foreground: Color.Green),
        Paint.Odd => new Style(foreground: Color.Yellow),
        Paint.Bad => new Style(foreground: Color.Red),
        _ => Style.Plain,
    });
}

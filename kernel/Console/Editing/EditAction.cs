namespace SharpVisor.Console;

/// <summary>What is to be done after a key that the editor has taken.</summary>
internal enum EditAction
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The line is complete: <see cref="LineEditor.Text"/> is to be executed.</summary>
    Submit,

    /// <summary>The word left of the cursor is to be completed.</summary>
    Complete,

    /// <summary>The end of input on an empty line: whoever types wants to leave.</summary>
    Leave,

    /// <summary>The console's own key.</summary>
    ConsoleKey,

    /// <summary>A fresh line is wanted; the old one was given up.</summary>
    Fresh,

    /// <summary>A clear screen is wanted.</summary>
    Clear,
}

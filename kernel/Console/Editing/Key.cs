namespace SharpVisor.Console;

/// <summary>What a key means to whoever edits a line. Several keys may mean the same.</summary>
internal enum Key
{
    /// <summary>Nothing yet: the sequence goes on.</summary>
    None,

    /// <summary>A character: <see cref="KeyDecoder.Text"/>.</summary>
    Text,

    /// <summary>Enter.</summary>
    Enter,

    /// <summary>Tab.</summary>
    Tab,

    /// <summary>Backspace, Ctrl-H.</summary>
    Backspace,

    /// <summary>Delete.</summary>
    Delete,

    /// <summary>Ctrl-D: delete, or the end of input on an empty line.</summary>
    DeleteOrEnd,

    /// <summary>Left, Ctrl-B.</summary>
    Left,

    /// <summary>Right, Ctrl-F.</summary>
    Right,

    /// <summary>Up, Ctrl-P.</summary>
    Older,

    /// <summary>Down, Ctrl-N.</summary>
    Newer,

    /// <summary>Home, Ctrl-A.</summary>
    Home,

    /// <summary>End, Ctrl-E.</summary>
    End,

    /// <summary>Alt-B, Ctrl-Left.</summary>
    WordLeft,

    /// <summary>Alt-F, Ctrl-Right.</summary>
    WordRight,

    /// <summary>Ctrl-K.</summary>
    CutToEnd,

    /// <summary>Ctrl-U.</summary>
    CutToStart,

    /// <summary>Ctrl-W, Alt-Backspace.</summary>
    CutWordLeft,

    /// <summary>Alt-D.</summary>
    CutWordRight,

    /// <summary>Ctrl-Y: puts back what was cut last.</summary>
    Paste,

    /// <summary>Ctrl-T: swaps the characters around the cursor.</summary>
    Swap,

    /// <summary>Ctrl-L: clears the screen.</summary>
    Clear,

    /// <summary>Ctrl-R: searches the history.</summary>
    Search,

    /// <summary>Ctrl-C, Ctrl-G: gives the line up.</summary>
    Cancel,

    /// <summary>Ctrl-]: the console's own key.</summary>
    Console,

    /// <summary>The terminal answers a question: what it is (ESC [ c), where its cursor is (ESC [ 6 n). A replayed guest may have asked.</summary>
    TerminalAnswer,

    /// <summary>A key that means nothing here.</summary>
    Unknown,
}
